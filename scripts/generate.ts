/** Writes what is made from the fault files and the schemas; with --check it only says what has drifted, and exits 1. */
import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { generated } from './generate/generated.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const check = process.argv.includes('--check')
const drifted: string[] = []
for (const { path, text } of await generated(root)) {
  const there = await readFile(`${root}/${path}`, 'utf8').catch(() => null)
  if (there === text) continue
  drifted.push(path)
  if (!check) await writeFile(`${root}/${path}`, text)
}
if (drifted.length > 0) {
  process.stderr.write(
    `${check ? 'not what the sources make: run npm run generate for' : 'written:'} ${drifted.join(', ')}\n`,
  )
}
process.exitCode = check && drifted.length > 0 ? 1 : 0
