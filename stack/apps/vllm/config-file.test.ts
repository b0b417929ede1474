import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withConfigFile } from './config-file.ts'
import { PROCESS_TIMEOUT_MS, startVllm } from './testing/process.ts'

const FILE = `
model: from-file-8B
port: 12323
tensor-parallel-size: 4
enable-prefix-caching: false
disable-log-stats: false
enforce-eager: true
served-model-name: [a, b]
compilation-config:
  pass_config: { fuse: true }
`

const WORDS =
  '--model from-file-8B --port 12323 --tensor-parallel-size 4 --no-enable-prefix-caching --enforce-eager --served-model-name a b --compilation-config {"pass_config":{"fuse":true}}'

describe('--config', () => {
  test.each([
    ['serve m --config c.yaml -tp 2', `m ${WORDS} -tp 2`],
    ['--port 1 --config c.yml', `${WORDS} --port 1`],
    ['serve m --port 1', 'm --port 1'],
  ])('%s', async (line, expected) => {
    expect(await withConfigFile(line.split(' '), () => FILE)).toEqual({ ok: true, words: expected.split(' ') })
  })

  test.each([
    ['m --config', 'ValueError: No config file specified! Please check your command-line arguments.\n'],
    ['m --config c.json', 'ValueError: Config file must be of a yaml/yml type. json supplied\n'],
  ])('%s is refused', async (line, message) => {
    expect(await withConfigFile(line.split(' '), () => FILE)).toEqual({ ok: false, message })
  })

  test.each([
    ['a file that is not there', 'm', /^Unable to read the config file at c\.yaml\. Check path correctness\nENOENT/],
    ['a file that is no YAML', 'a: [', /^Unable to read the config file at c\.yaml/],
    ['a file of something else', '- a\n- b', /^ValueError: expected options and their values in c\.yaml, found/],
  ])('%s ends the start', async (_, text, message) => {
    const read = (): string => {
      if (text === 'm') throw new Error("ENOENT: no such file or directory, open 'c.yaml'")
      return text
    }
    const expanded = await withConfigFile(['m', '--config', 'c.yaml'], read)
    expect(expanded.ok ? '' : expanded.message).toMatch(message)
  })

  test('is read by the process, and the command line wins', { timeout: PROCESS_TIMEOUT_MS }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vllm-config-'))
    try {
      const path = join(folder, 'c.yaml')
      writeFileSync(path, 'max-model-len: 1024\nserved-model-name: from-file\n')
      await using vllm = await startVllm(['--config', path])
      await vllm.ready()
      const models = await (await fetch(`${vllm.url}/v1/models`)).json()
      expect(models).toMatchObject({ data: [{ id: 'from-file', max_model_len: 4_096 }] })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
