import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { replayEngine } from './engine-replay.ts'
import { makeProgram } from './program.ts'
import { contextOf } from './testing/context.ts'

const CLIMB = fileURLToPath(new URL('../vllm/fixtures/vllm-0.32.0/climb.json', import.meta.url))

interface RecordedRow {
  [field: string]: unknown
  start_s: number
  first_token_s: number
  end_s: number
}
interface Recorded {
  server: Record<string, unknown>
  requests: RecordedRow[]
  metrics: Record<string, unknown>[]
}

/** climb.json with something changed, in a folder of its own. */
const changed = async (change: (recorded: Recorded) => void) => {
  const folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-engine-'))
  const recorded: Recorded = JSON.parse(await readFile(CLIMB, 'utf8'))
  change(recorded)
  const path = join(folder.path, 'changed.json')
  await writeFile(path, JSON.stringify(recorded))
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

const faster = ({ requests }: Recorded): void => {
  for (const request of requests) {
    request.end_s = request.first_token_s + (request.end_s - request.first_token_s) * 0.7
  }
}

test('a replay tells every error, its bound, their ratio and whether it holds, and passes', async () => {
  const { context, text } = contextOf()
  expect(await replayEngine(context, CLIMB, { json: true })).toBe(0)
  const { holds, errors, recording, times, like, warnings } = JSON.parse(text())
  expect({ holds, recording, times, like, warnings }).toEqual({
    holds: true,
    recording: 'climb',
    times: 1,
    like: 'climb',
    warnings: [],
  })
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
  expect(errors[0]).toMatchObject({ bound: 0.4, boundOf: 'climb', holds: true, unit: 'requests' })
  expect(errors[0].error).toBe(errors[0].value)
  expect(errors[0].ratio).toBeCloseTo(errors[0].error / 0.4)
})

test('the table has counts for preemptions, and says which bound it goes by', async () => {
  const { context, text } = contextOf()
  expect(await replayEngine(context, CLIMB, {})).toBe(0)
  expect(text()).toMatch(/preemptions +± 5\.0 +-?\+?\d+ of 20 +\d\.\d\d +ok +± 5\.0 +ok/)
  expect(text()).toMatch(/BOUND is that of climb\.json \(requests wait in 10 % of the scrapes\);/)
  expect(text()).toMatch(/\nholds: all 9 errors/)
})

test('a recording of a faster engine is told apart, with exit code 1, and judged by wider bounds where they are asked for', async () => {
  await using file = await changed(faster)
  const { context, text } = contextOf()
  expect(await replayEngine(context, file.path, {})).toBe(1)
  expect(text()).toMatch(/changed .*running requests/)
  expect(text()).toMatch(/E2E p50 .*MISS/)
  expect(text()).toMatch(/does not hold: \d of 9 errors/)
  const loose = contextOf()
  expect(await replayEngine(loose.context, file.path, { times: 10 })).toBe(0)
  expect(loose.text()).toMatch(/E2E p50 +± 80\.0 %/)
  expect(loose.text()).toMatch(/BOUND is that of climb\.json .*, times 10;/)
})

test('what is no part of the replay is counted, and what may be wrong with it is told', async () => {
  await using file = await changed(({ server, requests, metrics }) => {
    Object.assign(requests[3] ?? {}, { status: 503 })
    Object.assign(requests[40] ?? {}, { output_tokens: null })
    Object.assign(requests[41] ?? {}, { status: null, end_s: null })
    Object.assign(metrics[9] ?? {}, { 'vllm:num_requests_running': null })
    server['kv_cache_dtype'] = 'fp8'
  })
  const { context, text } = contextOf()
  await replayEngine(context, file.path, {})
  expect(text()).toMatch(/\nrefused by the server, and not replayed: 1 request\n/)
  expect(text()).toMatch(/\nnot answered in full, and replayed as aborted at their end: 1 request\n/)
  expect(text()).toMatch(
    /\nwithout an end, and not replayed \(the model has less load than the server had\): 1 request\n/,
  )
  expect(text()).toMatch(/\nwithout all values, and left out: 1 scrape\n/)
  expect(text()).toMatch(/\nwarning: .*kv_cache_dtype of server/)
  const json = contextOf()
  await replayEngine(json.context, file.path, { json: true })
  expect(JSON.parse(json.text())).toMatchObject({
    requests: 157,
    aborted: 1,
    leftOut: { refused: 1, withoutEnd: 1, scrapes: 1 },
    warnings: [expect.stringContaining('kv_cache_dtype')],
  })
})

test('what cannot be judged is said, with exit code 2 where nothing else is wrong', async () => {
  await using file = await changed(({ requests }) => {
    for (const request of requests) request.first_token_s = request.start_s
  })
  const { context, text } = contextOf()
  expect(await replayEngine(context, file.path, { json: true })).toBe(2)
  expect(JSON.parse(text())).toMatchObject({ holds: null, unjudged: [{ name: 'ttftP50' }, { name: 'ttftP95' }] })
  expect(text()).not.toMatch(/"(value|error|ratio)": null/)
  const table = contextOf()
  await replayEngine(table.context, file.path, {})
  expect(table.text()).toMatch(/\nnot judged: TTFT p50, which is 0 in the recording/)
  expect(table.text()).toMatch(/\nunknown: /)
})

test('a file that is none, or is not there, is a usage error', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-engine-'))
  const { context } = contextOf()
  const path = join(folder.path, 'none.json')
  await expect(replayEngine(context, path, {})).rejects.toMatchObject({ code: 'recording-unreadable', exitCode: 64 })
})

test('the recording may follow --fit', async () => {
  // Interrupted when it begins to fit: what it takes for what is seen before.
  const { context } = contextOf(AbortSignal.abort(new Error('interrupted')))
  const seen: string[] = []
  const run = (...args: string[]): Promise<unknown> =>
    makeProgram({ ...context, status: (text) => void seen.push(text) }, { code: 0 }).parseAsync(
      ['engine', 'replay', ...args],
      { from: 'user' },
    )
  const missing = join(tmpdir(), 'firedrill-no-such-recording.json')
  await expect(run('--fit', CLIMB, missing)).rejects.toMatchObject({ message: expect.stringContaining(missing) })
  await expect(run('--fit', CLIMB, CLIMB)).rejects.toThrow('interrupted')
  await expect(run(CLIMB, '--fit', CLIMB, '--times', '2')).rejects.toThrow('interrupted')
  expect(seen).toEqual(
    ['fitting to climb: 00 %', 'fitting to climb: 00 %'].map(() => expect.stringContaining('to climb:')),
  )
  await expect(run('--fit', CLIMB)).rejects.toMatchObject({
    code: 'recording-missing',
    exitCode: 64,
    message: `expected a recording to replay, found only --fit ${CLIMB}`,
  })
  await expect(run()).rejects.toMatchObject({ code: 'recording-missing', exitCode: 64 })
  await expect(run(CLIMB, '--times', '0')).rejects.toThrow('above 0')
})
