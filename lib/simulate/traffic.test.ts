import { expect, test } from 'vitest'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { STEP_LABEL } from '../core/fault-resource.ts'
import { after, at, ramp, requests, Scenario, type ScenarioInput, when } from '../core/scenario.ts'
import type { Workload } from '../core/workload.ts'
import { playIncident, type Incident } from './incident.ts'
import { shippedIncident } from './testing/play.ts'

const play = async (parts: Partial<ScenarioInput>, asked: Partial<Workload> = {}): Promise<Incident> => {
  const input = await shippedIncident('smoke.ts', 1)
  await using prometheus = input.prometheus
  const scenario = Scenario.parse({
    name: 'traffic',
    summary: 'The load itself is the fault',
    load: { users: ramp().to(40, '5s').hold('4m'), workload: 'chat' },
    baseline: '15s',
    settle: '5s',
    timeline: {},
    ...parts,
  })
  return await playIncident({
    ...input,
    workload: { ...input.workload, ...asked },
    scenario,
    prometheus,
    registry: faults,
  })
}

const recordOf = ({ faults: records }: Incident, step: string) =>
  records.find(({ metadata }) => metadata.labels?.[STEP_LABEL] === step) ?? expect.fail(`no Fault of ${step}`)

const made = ({ requests: all }: Incident, step: string) =>
  all.filter(({ traffic }) => traffic?.split(',').includes(step) === true)

test('every traffic fault bites on simulated time, one of them once a condition has held', async () => {
  const incident = await play({
    timeline: {
      aborts: at('25s').fault('client-aborts').lasting('25s'),
      bust: when('sum(rate(gateway_requests_total{code="499"}[10s])) > 0.5')
        .heldFor('3s')
        .by('60s')
        .fault('cache-bust')
        .lasting('25s')
        .overlapping('aborts'),
      flaky: when('vector(time() % 4) < 2').heldFor('3s').by('70s').fault('pod-kill').lasting('5s'),
      never: when('vllm:kv_cache_usage_perc > 2').by('70s').fault('pod-kill').lasting('5s'),
      context: after('bust', '20s').fault('long-context').lasting('25s'),
      surge: after('context', '25s').fault('load-surge', { factor: 3 }).lasting('25s'),
    },
  })
  for (const step of ['aborts', 'bust', 'context', 'surge']) {
    const { status } = recordOf(incident, step)
    expect(status, step).toMatchObject({ phase: 'Recovered', evidence: { bit: true } })
    const [from, to] = [Date.parse(status?.injected ?? ''), Date.parse(status?.healed ?? '')]
    const own = made(incident, step)
    expect(own.length, step).toBeGreaterThan(20)
    for (const { started } of own) {
      expect(started).toBeGreaterThanOrEqual(from)
      expect(started).toBeLessThanOrEqual(to + 200)
    }
  }
  const extra = incident.requests.filter((record) => record.extra)
  expect(new Set(extra.map(({ vu }) => vu)).size).toBe(80)
  expect(new Set(made(incident, 'aborts').map(({ outcome }) => outcome))).toEqual(new Set(['cancelled']))
  const told = incident.journal.map(({ what, value }) => ({ what, ...(value as { step?: string }) }))
  expect(told.filter(({ step }) => step === 'bust').map(({ what }) => what)).toEqual([
    'condition-true',
    'step-created',
    'traffic-changed',
    'traffic-restored',
    'step-over',
  ])
  expect(told.filter(({ step, what }) => step === 'flaky' && what.startsWith('step')).map(({ what }) => what)).toEqual([
    'step-not-started',
  ])
  expect(told.filter(({ step }) => step === 'never').map(({ what }) => what)).toEqual(['step-not-started'])
  expect(incident.plan.extraUsers).toBe(80)
}, 120_000)

test('a fault of the load that changes next to nothing is seen not to bite', async () => {
  const incident = await play({ timeline: { context: at('25s').fault('long-context', { tokens: 5 }).lasting('20s') } })
  expect(made(incident, 'context').length).toBeGreaterThan(20)
  expect(recordOf(incident, 'context').status).toMatchObject({ phase: 'Recovered', evidence: { bit: false } })
}, 120_000)

test('what is asked in chats of several turns ends with its fault', async () => {
  const turns = { count: { fixed: 12 }, thinkTime: { min: 1_000, max: 3_000 }, history: 'scripted' as const }
  const incident = await play(
    {
      load: { users: ramp().to(10, '5s').hold('2m'), workload: 'chat' },
      timeline: {
        context: at('20s').fault('long-context').lasting('10s'),
        bust: at('45s').fault('cache-bust').lasting('10s'),
        surge: at('70s').fault('load-surge', { requestsPerSecond: 2 }).lasting('10s'),
      },
    },
    { turns },
  )
  for (const step of ['context', 'bust', 'surge']) {
    const healed = Date.parse(recordOf(incident, step).status?.healed ?? '')
    const own = made(incident, step)
    expect(own.length, step).toBeGreaterThan(10)
    expect(
      own.filter(({ started }) => started > healed + 200),
      step,
    ).toEqual([])
  }
  // No chat carries the long messages on.
  const [context, bust] = ['context', 'bust'].map((step) => recordOf(incident, step).status)
  const longest = (from: string | undefined, to: string | undefined): number =>
    Math.max(
      ...incident.requests
        .filter(({ started }) => started > Date.parse(from ?? '') + 200 && started < Date.parse(to ?? ''))
        .map(({ promptTokens }) => promptTokens ?? 0),
    )
  expect(longest(context?.injected, context?.healed)).toBeGreaterThan(2 * longest(context?.healed, bust?.injected))
  // Who came with the surge did have later turns: those the schedule does not time.
  expect(incident.requests.some(({ extra, intended }) => extra && intended === null)).toBe(true)
  // The load goes on.
  const last = Date.parse(recordOf(incident, 'surge').status?.healed ?? '')
  expect(incident.requests.filter(({ started }) => started > last + 1_000).length).toBeGreaterThan(3)
}, 120_000)

test('a surge over a schedule has arrivals of its own, and the same seed the same', async () => {
  const parts: Partial<ScenarioInput> = {
    load: { arrivals: requests('poisson').to(6, '0s').hold('60s'), maxInFlight: 200, workload: 'chat' },
    timeline: { surge: at('20s').fault('load-surge', { factor: 3 }).lasting('20s') },
  }
  const [once, again] = [await play(parts), await play(parts)]
  const extra = once.requests.filter((record) => record.extra)
  // 12 a second for 20 s, give or take five standard deviations.
  expect(extra.length).toBeGreaterThan(160)
  expect(extra.length).toBeLessThan(320)
  expect(extra.every(({ arrival, intended }) => arrival === null && intended !== null)).toBe(true)
  const own = once.requests.filter((record) => !record.extra).map(({ arrival }) => arrival ?? -1)
  expect(own.sort((a, b) => a - b)).toEqual(own.map((_, index) => index))
  expect(again.requests).toEqual(once.requests)
}, 120_000)
