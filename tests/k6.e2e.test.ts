import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ArrivalCount, RUN_FILES } from '../lib/core/run-folder.ts'
import { after, at, ramp, requests, type ScenarioInput } from '../lib/core/scenario.ts'
import { until } from '../lib/core/until.ts'
import { writeBundle } from '../lib/k6/bundle.ts'
import { BUNDLE, commandLine, environment } from '../lib/k6/command.ts'
import { packRequests } from '../lib/k6/records.ts'
import { type LoadRun, startLoad } from '../lib/k6/runner.ts'
import { scriptData } from '../lib/k6/script-data.ts'
import { type LoadBench, openLoadBench, packedIn } from './support/load.ts'

let bench: LoadBench
beforeAll(async () => {
  bench = await openLoadBench(20)
})
afterAll(async () => {
  // Without one the set-up has failed, and says why.
  await (bench as LoadBench | undefined)?.[Symbol.asyncDispose]()
})

const options = (name: string, parts: Partial<ScenarioInput>) =>
  bench.options(name, { load: { users: ramp().to(5, '1s').hold('6s'), workload: 'test' }, ...parts })

/** The steps that were refused, once the timeline is over; a load that ends before says why. */
const timelineOf = ({ timelineFinished, finished }: LoadRun): Promise<string[]> =>
  Promise.race([
    timelineFinished,
    finished.then(({ outcome, message }) => {
      throw new Error(`the load ended (${outcome}) before its timeline did: ${message}`)
    }),
  ])

test('users and the timeline play on one clock, and everything is on record', async () => {
  const input = options('whole', {
    timeline: {
      first: at('1s').fault('pod-kill', { count: 1 }).lasting('1s'),
      refused: at('1500ms').fault('forbidden').lasting('1s').overlapping('first'),
      second: after('first', '1s').fault('pod-kill').lasting('1s'),
    },
  })
  const load = await startLoad(input)
  expect(await timelineOf(load)).toEqual(['refused'])
  expect(load.progress()?.users).toBe(5)
  const result = await load.finished
  expect(result).toMatchObject({ outcome: 'completed', message: '', refused: ['refused'], timelineFinished: true })
  const startedAt = result.loadStartedAt ?? 0
  expect(result.loadEndedAt - startedAt).toBeGreaterThan(7_000)

  const [first, second] = bench.faults.created()
  expect(first?.fault).toMatchObject({
    metadata: {
      name: 'test-first-holeabcd',
      labels: { 'firedrill.dev/run': input.runId, 'firedrill.dev/step': 'first' },
    },
    spec: { kind: 'pod-kill', params: { count: 1 }, target: { selector: 'app=vllm' }, durationSeconds: 1 },
  })
  const created = (first?.createdAt ?? 0) - startedAt
  expect(created).toBeGreaterThanOrEqual(1_000)
  expect(created).toBeLessThan(1_400)
  // Over at 2 s, seen within half a second, a second's gap.
  const gap = (second?.createdAt ?? 0) - (first?.createdAt ?? 0)
  expect(gap).toBeGreaterThan(2_000)
  expect(gap).toBeLessThan(3_200)
  expect(input.events.map(({ what }) => what)).toEqual([
    'prompts',
    'load-started',
    'step-created',
    'step-refused',
    'step-over',
    'step-created',
    'step-over',
    'timeline-finished',
  ])

  const records = await packedIn(input.runDir)
  expect(new Set(records.map(({ vu }) => vu)).size).toBe(5)
  // The server may log them, and its log may be shown to who must not know the scenario.
  for (const { id } of records) expect(id).toMatch(/^[\da-f]{12}-\d+-\d+$/)
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length)
  const whole = records.filter(({ outcome }) => outcome === 'ok')
  expect(whole.length).toBeGreaterThan(20)
  for (const record of whole) {
    const { ttft, tpot, outputTokens, replica, tokensFrom, started, written, gaps, chunks, intended, arrival } = record
    expect(ttft).toBeGreaterThan(15)
    expect(record.firstEvent).toBeLessThanOrEqual(ttft ?? 0)
    expect(written).toBeGreaterThanOrEqual(started)
    expect(gaps.reduce((sum, [, count]) => sum + count, 0)).toBe(chunks - 1)
    expect({ intended, arrival }).toEqual({ intended: null, arrival: null })
    expect(tpot).toBeGreaterThan(15)
    expect(outputTokens).toBeGreaterThanOrEqual(10)
    expect(record.finishReason).toBe('length')
    expect({ replica, tokensFrom }).toEqual({ replica: 'vllm-0', tokensFrom: 'usage' })
    expect(started).toBeGreaterThan(startedAt)
  }
  expect(records.every(({ outcome }) => outcome === 'ok' || outcome === 'stopped')).toBe(true)
  const summary = z
    .object({ metrics: z.record(z.string(), z.object({ values: z.record(z.string(), z.number()) })) })
    .parse(JSON.parse(await readFile(join(input.runDir, RUN_FILES.summary), 'utf8')))
  expect(summary.metrics['llm_requests']?.values['count']).toBe(whole.length)
  expect(bench.server.writes()).toBeGreaterThan(2)
  expect(summary.metrics['llm_in_flight']?.values['max']).toBeGreaterThan(0)
})

test('a schedule is kept, whatever the answers take', async () => {
  const arrivals = requests('poisson').to(40, '0s').hold('6s')
  const input = options('open', {
    load: { arrivals, maxInFlight: 60, workload: 'test', slo: { ttft: '2s' } },
    timeline: { only: at('1s').fault('pod-kill').lasting('1s') },
  })
  const load = await startLoad(input)
  await timelineOf(load)
  expect(load.progress()?.schedule?.claimed).toBeGreaterThan(0)
  const result = await load.finished
  expect(result).toMatchObject({ outcome: 'completed', message: '' })
  const startedAt = result.loadStartedAt ?? 0

  const records = await packedIn(input.runDir)
  const count = ArrivalCount.parse(JSON.parse(await readFile(join(input.runDir, RUN_FILES.arrivals), 'utf8')))
  // 240 of them, give or take five standard deviations.
  expect(count.due).toBeGreaterThan(160)
  expect(count.due).toBeLessThan(320)
  const order = records.map(({ arrival }) => arrival ?? -1).sort((a, b) => a - b)
  expect(order).toEqual(records.map((_, index) => index))
  expect(records).toHaveLength(count.due)
  for (const { intended, started, arrival, ended } of records) {
    if (intended === null) throw new Error(`arrival ${arrival} was wanted at no time`)
    expect(started).toBeGreaterThanOrEqual(intended)
    expect(intended).toBeGreaterThan(startedAt - 200)
    expect(intended).toBeLessThan(startedAt + 6_200)
    expect(ended).toBeGreaterThan(started)
  }
  const lags = records.map(({ intended, started }) => started - (intended ?? 0)).sort((a, b) => a - b)
  expect(lags[Math.floor(lags.length / 2)]).toBeLessThan(20)
  const summary = z
    .object({ metrics: z.record(z.string(), z.object({ values: z.record(z.string(), z.number()) })) })
    .parse(JSON.parse(await readFile(join(input.runDir, RUN_FILES.summary), 'utf8')))
  expect(summary.metrics['llm_goodput']?.values['rate']).toBe(1)
})

test('a seed draws the same schedule again, and another another', async () => {
  const load = { arrivals: requests('poisson').to(20, '0s').hold('2s'), maxInFlight: 40, workload: 'test' }
  const times = async (name: string, seed: number): Promise<number[]> => {
    const input = { ...options(name, { load }), seed }
    await (
      await startLoad(input)
    ).finished
    // Records are in the order in which the requests were sent, which a busy machine may change.
    const wanted = (await packedIn(input.runDir)).map(({ intended }) => intended ?? 0).sort((a, b) => a - b)
    return wanted.map((time) => Math.round(time - (wanted[0] ?? 0)))
  }
  const [first, again, other] = await Promise.all([times('seed-1', 1), times('seed-1b', 1), times('seed-2', 2)])
  expect(again.slice(0, 20)).toEqual(first.slice(0, 20))
  expect(other.slice(0, 20)).not.toEqual(first.slice(0, 20))
})

test('a stop ends the load in order, at once and once', async () => {
  const input = options('stopped', { load: { users: ramp().to(5, '1s').hold('10m'), workload: 'test' } })
  const load = await startLoad(input)
  await timelineOf(load)
  await until(() => Promise.resolve((load.progress()?.finished ?? 0) > 3), { what: 'three answers', timeoutMs: 20_000 })
  const asked = Date.now()
  await Promise.all([load.stop(), load.stop()])
  expect(Date.now() - asked).toBeLessThan(5_000)
  const result = await load.finished
  expect(result).toMatchObject({ outcome: 'stopped', message: '', exitCode: 105 })
  expect((await packedIn(input.runDir)).length).toBeGreaterThan(3)
  expect(JSON.parse(await readFile(join(input.runDir, RUN_FILES.summary), 'utf8'))).toHaveProperty('metrics')
  await load.stop()
})

test('a k6 that is not there, and one that cannot write its records, fail with the reason', async () => {
  const missing = await startLoad({ ...options('missing', {}), k6: join(bench.dir, 'no-k6') })
  expect(await missing.finished).toMatchObject({ outcome: 'failed', message: expect.stringContaining('ENOENT') })

  const full = options('full', {})
  const load = await startLoad(full)
  // A folder where the spool should be: the first record cannot be written.
  await mkdir(join(full.runDir, RUN_FILES.requestSpool))
  expect(await load.finished).toMatchObject({ outcome: 'failed' })
  await expect(packRequests(full.runDir, [])).rejects.toThrow('EISDIR')
  expect(full.events.find(({ what }) => what === 'error')?.value).toMatchObject({
    message: expect.stringContaining('spool'),
  })
})

test('k6 ends in order when its parent is killed', async () => {
  const input = options('orphan', { load: { users: ramp().to(2, '1s').hold('10m'), workload: 'test' } })
  const { runDir } = input
  await mkdir(join(runDir, 'load'), { recursive: true })
  await mkdir(join(runDir, 'k6'))
  await writeBundle(join(runDir, BUNDLE), scriptData(input.scenario, input.workload, 1))
  // Its log is a file here, since a broken pipe would end it as well, and not in order.
  const shell = ['-c', 'k6=$1; log=$2; shift 2; "$k6" "$@" 2>"$log" & wait', 'sh']
  const parent = execa('sh', [...shell, input.k6, join(runDir, 'log'), ...commandLine(input)], {
    env: environment(input),
    reject: false,
  })
  const fileHas = (file: string, text: string) => (): Promise<boolean> =>
    readFile(join(runDir, file), 'utf8').then(
      (found) => found.includes(text),
      () => false,
    )
  await until(fileHas(RUN_FILES.requestSpool, '\n'), { what: 'the first answer', timeoutMs: 20_000 })
  parent.kill('SIGKILL')
  await until(fileHas(RUN_FILES.summary, 'llm_requests'), { what: "k6's summary", timeoutMs: 20_000 })
})
