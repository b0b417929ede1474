import { chmod, mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { until } from '../lib/core/until.ts'

const SETUP = join(import.meta.dirname, 'setup.mjs')

/** Set-up with a cache of its own and a Go that does this instead of building. */
const setUp = async (folder: string, goBuild: string, version = 'go1.99.0') => {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'go'), `#!/bin/sh\nif [ "$1" = env ]; then echo ${version}; exit; fi\n${goBuild}\n`)
  await chmod(join(bin, 'go'), 0o755)
  const cache = join(folder, 'cache')
  const env = { PATH: `${bin}${delimiter}${process.env['PATH']}`, FIREDRILL_CACHE: cache }
  const child = execa(process.execPath, [SETUP], { env, reject: false })
  const tools = (): Promise<string[]> => readdir(join(cache, 'tools')).catch(() => [])
  return { child, tools }
}

test('a build that fails has failed, shows its words, and leaves nothing half-made', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-setup-'))
  const { child, tools } = await setUp(folder.path, 'echo no space left >&2; exit 3')
  const { exitCode, stderr } = await child
  expect(stderr).toMatch(/no space left[^]*expected go build to succeed, found exit code 3\n {2}→ /)
  expect(exitCode).toBe(1)
  expect(await tools()).toEqual([])
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s takes back what was half-made',
  async (signal, code) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-setup-'))
    const { child, tools } = await setUp(folder.path, 'exec sleep 30')
    await until(async () => (await tools()).length > 0, { what: 'the build to begin', timeoutMs: 20_000, everyMs: 20 })
    child.kill(signal)
    expect((await child).exitCode).toBe(code)
    expect(await tools()).toEqual([])
  },
  30_000,
)

test('a Go that is too old is bad usage', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-setup-'))
  const { child } = await setUp(folder.path, 'exit 0', 'go1.20.1')
  const { exitCode, stderr } = await child
  expect(stderr).toMatch(/expected Go [\d.]+ or newer.*found go1\.20\.1/)
  expect(exitCode).toBe(64)
})
