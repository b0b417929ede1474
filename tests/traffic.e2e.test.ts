/** What k6 does for the timeline's traffic faults and conditions, by what the server and the records saw of it. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { PackedRequest } from '../lib/core/run-folder.ts'
import { after, at, ramp, requests, type ScenarioInput, when } from '../lib/core/scenario.ts'
import { until } from '../lib/core/until.ts'
import { startLoad } from '../lib/k6/runner.ts'
import { type LoadBench, openLoadBench, packedIn, type Told } from './support/load.ts'

let bench: LoadBench
beforeEach(async () => {
  bench = await openLoadBench(10)
})
afterEach(async () => {
  // Without one the set-up has failed, and says why.
  await (bench as LoadBench | undefined)?.[Symbol.asyncDispose]()
})

const start = async (parts: Partial<ScenarioInput>) => {
  const load = { users: ramp().to(5, '500ms').hold('8s'), workload: 'test' }
  const input = bench.options('run', { load, baseline: '1s', ...parts })
  return { load: await startLoad(input), events: input.events, packed: () => packedIn(input.runDir) }
}

/** When k6 began and ended to do what a step's fault wants. */
const pressed = (events: readonly Told[], step: string): { from: number; to: number } => {
  const time = (what: string): number => {
    const found = events.find((event) => event.what === what && Detail.parse(event.value).step === step)
    return found === undefined ? expect.fail(`no ${what} of ${step}`) : Detail.parse(found.value).at
  }
  return { from: time('traffic-changed'), to: time('traffic-restored') }
}
const Detail = z.looseObject({ at: z.number(), step: z.string().optional() })

/** From what a user reads of the pressure to when its request begins. */
const EDGE_MS = 150

/** Records of the run before and while it was pressed: the edges belong to neither. */
const split = (records: readonly PackedRequest[], { from, to }: { from: number; to: number }) => ({
  before: records.filter(({ started }) => started < from - EDGE_MS),
  during: records.filter(({ started }) => started > from + EDGE_MS && started < to - EDGE_MS),
  after: records.filter(({ started }) => started > to + EDGE_MS),
})

/** Five users for as long as it takes: a second and a half before the pressure, and as long after it. */
const users: ScenarioInput['load'] = { users: ramp().to(5, '500ms').hold('5s'), workload: 'test' }

const play = async (fault: string, params: Record<string, unknown>, load = users) => {
  const timeline = { press: at('1500ms').fault(fault, params).lasting('2s') }
  const run = await start({ timeline, load })
  expect(await run.load.finished).toMatchObject({ outcome: 'completed', message: '', timelineFinished: true })
  const span = pressed(run.events, 'press')
  const records = await run.packed()
  for (const { traffic, fault: step, extra } of records) {
    expect(step).toBe(traffic)
    if (extra) expect(traffic).toBe('press')
  }
  return { records, ...split(records, span), span }
}

const names = (records: readonly PackedRequest[]): Set<string | null> => new Set(records.map(({ traffic }) => traffic))

describe('a fault of the load', () => {
  test('more users: they come, and go', async () => {
    const { before, during, after: later, span, records } = await play('load-surge', { factor: 3 })
    expect(span.to - span.from).toBeGreaterThan(1_600)
    expect(span.to - span.from).toBeLessThan(2_600)
    const extra = during.filter((record) => record.extra)
    expect(new Set(extra.map(({ vu }) => vu)).size).toBe(10)
    expect(new Set(during.filter((record) => !record.extra).map(({ vu }) => vu)).size).toBe(5)
    expect([...before, ...later].some((record) => record.extra)).toBe(false)
    expect(records.filter((record) => !record.extra).every(({ traffic }) => traffic === null)).toBe(true)
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length)
  })

  test('more requests a second: when a schedule of their own wants them, and none of the load’s is late', async () => {
    const load = { arrivals: requests('poisson').to(10, '0s').hold('5500ms'), maxInFlight: 20, workload: 'test' }
    const { records, before, after: later } = await play('load-surge', { requestsPerSecond: 30 }, load)
    const extra = records.filter((record) => record.extra)
    // 60 of them, give or take five standard deviations.
    expect(extra.length).toBeGreaterThan(22)
    expect(extra.length).toBeLessThan(100)
    expect([...before, ...later].some((record) => record.extra)).toBe(false)
    for (const { arrival, intended, started } of extra) {
      expect(arrival).toBeNull()
      expect(started).toBeGreaterThanOrEqual(intended ?? Infinity)
    }
    const own = records.filter((record) => !record.extra).map(({ arrival }) => arrival ?? -1)
    expect(own.sort((a, b) => a - b)).toEqual(own.map((_, index) => index))
  })

  test('longer prompts: as many tokens more, until they are as before', async () => {
    const { records, before, during, after: later } = await play('long-context', { tokens: 500 })
    const words = bench.server.asked().map(({ body }) => JSON.stringify(body['messages']).split(' ').length)
    expect(words.filter((count) => count > 500)).toHaveLength(records.filter(({ traffic }) => traffic !== null).length)
    expect([names(before), names(during), names(later)]).toEqual([new Set([null]), new Set(['press']), new Set([null])])
  })

  test('prompts of which no two begin alike: only the share that is named', async () => {
    const { during } = await play('cache-bust', { share: 0.5 })
    const marked = during.filter(({ traffic }) => traffic === 'press').length
    expect(marked).toBeGreaterThan(during.length * 0.2)
    expect(marked).toBeLessThan(during.length * 0.8)
    const starts = bench.server.asked().map(({ body }) => JSON.stringify(body['messages']).slice(0, 90))
    expect(new Set(starts).size).toBeGreaterThan(marked)
  })

  test('users who leave: after so many tokens, and the server sees them go', async () => {
    const { before, during, after: later } = await play('client-aborts', { share: 1, afterTokens: 3 })
    expect(new Set(during.map(({ outcome }) => outcome))).toEqual(new Set(['cancelled']))
    expect(new Set(during.map(({ chunks }) => chunks))).toEqual(new Set([3]))
    expect([...before, ...later].some(({ outcome }) => outcome === 'cancelled')).toBe(false)
    expect(bench.server.asked().filter(({ isGone }) => isGone).length).toBeGreaterThanOrEqual(during.length)
  })
})

test('the end of a fault ends what it does to the load, and its duration does where nobody heals', async () => {
  const { load, events, packed } = await start({
    timeline: {
      ended: at('1s').fault('long-context').lasting('60s'),
      left: after('ended', '1s').fault('client-aborts').lasting('1s'),
    },
  })
  const seen = (what: string, step: string): boolean =>
    events.some((event) => event.what === what && Detail.parse(event.value).step === step)
  await until(() => Promise.resolve(seen('traffic-changed', 'ended')), { what: 'the first fault', timeoutMs: 10_000 })
  const asked = Date.now()
  bench.faults.end('long-context')
  await until(() => Promise.resolve(seen('traffic-changed', 'left')), { what: 'the second', timeoutMs: 10_000 })
  expect(pressed(events, 'ended').to - asked).toBeLessThan(1_000)
  bench.faults.stopHealing()
  await until(() => Promise.resolve(seen('traffic-restored', 'left')), { what: 'its end', timeoutMs: 10_000 })
  const span = pressed(events, 'left')
  expect(span.to - span.from).toBeLessThan(1_800)
  await load.stop()
  const records = await packed()
  const lastOf = (step: string): number =>
    Math.max(...records.filter(({ traffic }) => traffic === step).map(({ started }) => started))
  expect(lastOf('ended')).toBeLessThan(pressed(events, 'ended').to + EDGE_MS)
  expect(records.some(({ started }) => started > pressed(events, 'ended').to + EDGE_MS)).toBe(true)
})

test('surges one after the other have the same users', async () => {
  const { load, packed } = await start({
    load: { users: ramp().to(5, '500ms').hold('6500ms'), workload: 'test' },
    timeline: {
      first: at('1s').fault('load-surge', { factor: 2 }).lasting('1500ms'),
      second: after('first', '1s').fault('load-surge', { factor: 3 }).lasting('1500ms'),
    },
  })
  await load.finished
  const records = await packed()
  const usersOf = (step: string): Set<number> =>
    new Set(records.filter(({ traffic }) => traffic === step).map(({ vu }) => vu))
  expect([usersOf('first').size, usersOf('second').size]).toEqual([5, 10])
  expect([...usersOf('first')].every((vu) => usersOf('second').has(vu))).toBe(true)
})

test('the same seed asks the same of the same users, pressed or not', async () => {
  const bodies = async (): Promise<string[]> => {
    const before = bench.server.asked().length
    const timeline = { press: at('1500ms').fault('client-aborts', { share: 0.5 }).lasting('60s') }
    const { load } = await start({ timeline, load: { users: ramp().to(3, '0s').hold('3s'), workload: 'test' } })
    await load.finished
    await rm(join(bench.dir, 'run'), { recursive: true })
    return bench.server
      .asked()
      .slice(before)
      .map(({ body }) => JSON.stringify(body))
  }
  const [first, second] = [await bodies(), await bodies()]
  const common = first.filter((body) => second.includes(body))
  // Thinking takes a millisecond more or less: the last of each user may be missing in one of them.
  expect(common.length).toBeGreaterThanOrEqual(Math.min(first.length, second.length) - 3)
})

describe('a step that waits for a condition', () => {
  const timeline: ScenarioInput['timeline'] = {
    rare: when('vllm:kv > 0.8').heldFor('1s').by('4500ms').fault('pod-kill').lasting('1s'),
    often: when('up').heldFor('1s').fault('pod-kill').lasting('2s'),
    next: after('rare', '0s').fault('pod-kill').lasting('1s'),
  }

  test('begins once that has held without a gap, and is told as not started where it did not in time', async () => {
    // True, then a gap, then true: seconds count from when it was asked for first.
    let zero: number | null = null
    bench.server.answerQueries((promql) => {
      if (promql !== 'up') return null
      zero ??= Date.now()
      const seconds = (Date.now() - zero) / 1_000
      return seconds > 0.5 && seconds < 1.5 ? null : 0.5
    })
    const { load, events } = await start({ timeline })
    const result = await load.finished
    expect(result).toMatchObject({ outcome: 'completed', refused: [], timelineFinished: true })
    const startedAt = result.loadStartedAt ?? 0
    const told = events
      .filter(({ what }) => /condition|step/.test(what))
      .map(({ what, value }) => {
        const { at: time, ...rest } = Detail.parse(value)
        return { what, seconds: (time - startedAt) / 1_000, ...rest }
      })
    const of = (step: string): string[] => told.filter((one) => one.step === step).map(({ what }) => what)
    expect(of('rare')).toEqual(['step-not-started'])
    expect(told.find(({ what }) => what === 'step-not-started')).toMatchObject({ reason: 'its condition was not true' })
    expect(of('often').slice(0, 3)).toEqual(['condition-true', 'condition-false', 'condition-true'])
    expect(of('often').at(-1)).toBe('step-over')
    expect(told.find(({ what }) => what === 'condition-true')).toMatchObject({ value: 0.5 })
    const [, , held, created] = told.filter((one) => one.step === 'often')
    expect((created?.seconds ?? 0) - (held?.seconds ?? 0)).toBeGreaterThan(0.95)
    // Due at 4.5 s, when the other's fault was in force.
    expect(of('next')).toEqual(['step-waits', 'step-created', 'step-over'])
    const over = told.find(({ what, step }) => what === 'step-over' && step === 'often')?.seconds ?? Infinity
    expect(told.find(({ what, step }) => what === 'step-created' && step === 'next')?.seconds).toBeGreaterThanOrEqual(
      over,
    )
  })

  test('is not asked for in the baseline, and does not begin on what Prometheus does not say', async () => {
    bench.server.answerQueries(() => 'down')
    const { load, events } = await start({
      load: { users: ramp().to(1, '0s').hold('4s'), workload: 'test' },
      timeline: { only: when('up').by('3s').fault('pod-kill').lasting('1s') },
    })
    await load.finished
    expect(events.map(({ what }) => what).filter((what) => /condition|step/.test(what))).toEqual([
      'condition-unknown',
      'step-not-started',
    ])
    expect(bench.faults.created()).toEqual([])
  })
})
