import { beforeAll, expect, test } from 'vitest'
import type { RequestRecord } from '../../core/run-folder.ts'
import { Scenario } from '../../core/scenario.ts'
import { type Incident, playIncident } from '../incident.ts'
import { shippedIncident } from '../testing/play.ts'

/** One after the other, under the load of the scenario `smoke`. */
const FLAGS = ['rate-limit-errors', 'sticky-routing', 'retry-storm']
const LASTING_S = 20

let incident: Incident
let retries: number

beforeAll(async () => {
  const input = await shippedIncident('smoke.ts', 1)
  await using prometheus = input.prometheus
  const timeline = FLAGS.map((fault, index) => {
    const when = { kind: 'at', time: `${25 + index * (LASTING_S + 10)}s` }
    return [fault, { when, fault, params: {}, lasting: `${LASTING_S}s` }] as const
  })
  const { name, summary, load } = input.scenario
  const scenario = Scenario.parse({ name, summary, load, timeline: Object.fromEntries(timeline) })
  incident = await playIncident({ ...input, scenario, prometheus })
  const [found] = await incident.client.query('gateway_upstream_retries_total{reason="slow"}')
  retries = found?.value ?? 0
}, 60_000)

/** Requests that were sent while the fault was in force. */
const during = (kind: string): RequestRecord[] => {
  const status = incident.faults.find(({ spec }) => spec.kind === kind)?.status
  expect(status).toMatchObject({ phase: 'Recovered', evidence: { bit: true } })
  const from = Date.parse(status?.injected ?? '') + 1_000
  const to = Date.parse(status?.injected ?? '') + LASTING_S * 1_000 - 1_000
  const found = incident.requests.filter(({ started }) => started >= from && started < to)
  expect(found.length).toBeGreaterThan(50)
  return found
}

test('rate-limit-errors: every request is answered with 429, and none before or after', () => {
  const limited = new Set(during('rate-limit-errors'))
  expect(new Set([...limited].map(({ status }) => status))).toEqual(new Set([429]))
  expect(incident.requests.some(({ status }) => status === 200)).toBe(true)
})

test('sticky-routing: one replica gets all of them', () => {
  expect(new Set(during('sticky-routing').map(({ replica }) => replica)).size).toBe(1)
  expect(new Set(during('retry-storm').map(({ replica }) => replica)).size).toBe(3)
})

test('retry-storm: answers that take longer than the timeout are asked for again, at most three times', () => {
  const slow = during('retry-storm').filter(({ e2e }) => e2e > 1_000).length
  expect(retries).toBeGreaterThan(slow * 0.8)
  expect(retries).toBeLessThan(incident.requests.length * 3)
})
