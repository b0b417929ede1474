import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Context } from './context.ts'
import { fitEngine, replayEngine } from './engine.ts'

const CLIMB = fileURLToPath(new URL('../vllm/fixtures/vllm-0.32.0/climb.json', import.meta.url))

const contextOf = (signal = new AbortController().signal) => {
  const printed: string[] = []
  const context: Context = {
    argv: [],
    env: {},
    out: (text) => void printed.push(text),
    err: () => {},
    status: () => {},
    isTerminal: false,
    columns: 120,
    colour: false,
    signal,
    interrupted: () => signal.aborted,
    onSecondInterrupt: () => {},
    holder: 'test',
  }
  return { context, text: () => printed.join('') }
}

test('a replay tells every error, its bound and whether it holds, and passes', async () => {
  const { context, text } = contextOf()
  expect(await replayEngine(context, CLIMB, { json: true })).toBe(0)
  const { holds, errors, recording } = JSON.parse(text())
  expect({ holds, recording }).toEqual({ holds: true, recording: 'climb' })
  expect(errors.map(({ name }: { name: string }) => name)).toEqual([
    'running',
    'waiting',
    'kvCacheUsage',
    'preemptions',
    'hitTokens',
    'ttftP50',
    'ttftP95',
    'e2eP50',
    'e2eP95',
  ])
  expect(errors[0]).toMatchObject({ bound: 0.4, holds: true, unit: 'requests' })
})

test('a recording of a faster engine is told apart, with exit code 1', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-engine-'))
  const recorded = JSON.parse(await readFile(CLIMB, 'utf8'))
  for (const request of recorded.requests) {
    request.end_s = request.first_token_s + (request.end_s - request.first_token_s) * 0.7
  }
  const path = join(folder.path, 'faster.json')
  await writeFile(path, JSON.stringify(recorded))
  const { context, text } = contextOf()
  expect(await replayEngine(context, path, {})).toBe(1)
  expect(text()).toMatch(/faster .*running requests/)
  expect(text()).toMatch(/E2E p50 .*MISS/)
})

test('a file that is none, or is not there, is a usage error', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-engine-'))
  const path = join(folder.path, 'none.json')
  const { context } = contextOf()
  await expect(replayEngine(context, path, {})).rejects.toMatchObject({ code: 'recording-unreadable', exitCode: 64 })
  await writeFile(path, '[]')
  await expect(fitEngine(context, [path], {})).rejects.toMatchObject({ code: 'not-a-recording', exitCode: 64 })
})

test('a fit ends when it is interrupted', async () => {
  const { context } = contextOf(AbortSignal.abort(new Error('interrupted')))
  await expect(fitEngine(context, [CLIMB], {})).rejects.toThrow('interrupted')
})
