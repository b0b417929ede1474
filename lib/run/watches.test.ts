import { expect, test } from 'vitest'
import { fakeApi } from '../../tests/support/fake-api.ts'
import { RUN_LABEL, STEP_LABEL } from '../core/fault-resource.ts'
import { Safety } from '../core/safety.ts'
import { connect } from '../kube/client.ts'
import { watches } from './watches.ts'

const INJECTED = Date.parse('2026-01-01T12:00:00Z')
const HOUR = 3_600_000

const FAULT = {
  apiVersion: 'firedrill.dev/v1alpha1',
  kind: 'Fault',
  metadata: {
    name: 'kill',
    namespace: 'llm',
    uid: '1',
    resourceVersion: '1',
    generation: 1,
    labels: { [RUN_LABEL]: 'run', [STEP_LABEL]: 'kill' },
  },
  spec: { kind: 'pod-kill', target: { selector: 'app=x' }, durationSeconds: 30 },
  status: { phase: 'Active', injected: new Date(INJECTED).toISOString() },
}

const PLAN = {
  target: { namespace: 'llm', selector: 'app=x' },
  rules: [],
  timing: { scrapeIntervalMs: 1_000, evaluationIntervalMs: 2_000 },
  steps: [{ name: 'kill', expected: { alerts: [['PodDown']], tolerates: [], onsetMs: 0 } }],
}

/** What the run ends with where these alerts fire, look by look, and then nothing more is asked. */
const endingOf = async (looks: string[][], serverNow: number) => {
  await using api = await fakeApi(({ url = '' }) =>
    url.startsWith('/apis/firedrill.dev/') ? { body: { kind: 'FaultList', items: [FAULT] } } : null,
  )
  const over = new AbortController()
  const slept: number[] = []
  let look = 0
  const alerts = async () => {
    const firing = looks[look] ?? []
    look += 1
    if (look >= looks.length) over.abort()
    return firing.map((alertname) => ({
      labels: { alertname },
      annotations: {},
      state: 'firing' as const,
      activeAt: 0,
      value: 1,
    }))
  }
  const problems: string[] = []
  const watch = watches({
    safety: Safety.parse({ stopOnUnexpectedAlert: true }),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the watch reads of it
    plan: PLAN as never,
    kube: connect({ kubeconfig: api.kubeconfig }),
    prometheus: { query: async () => [], alerts },
    runId: 'run',
    time: { now: () => serverNow },
  }).at(-1)
  const ending = await watch?.({
    // This machine's clock is an hour behind.
    clock: { now: () => serverNow - HOUR, sleep: async (ms) => void slept.push(ms) },
    signal: over.signal,
    onError: (message) => void problems.push(message),
  })
  expect(problems).toEqual([])
  return { reason: ending?.endingReason ?? null, looks: look, slept: slept.length }
}

test('what an alert is about is reckoned in the API server’s time, as the times of the faults are', async () => {
  expect((await endingOf([[], ['PodDown']], INJECTED + 10_000)).reason).toBeNull()
  expect((await endingOf([[], ['PodDown']], INJECTED - 10_000)).reason).toContain('PodDown')
})

test('it looks at once: what fires by then did not fire in the run', async () => {
  expect(await endingOf([['Old']], INJECTED)).toEqual({ reason: null, looks: 1, slept: 0 })
  expect((await endingOf([['Old'], ['Old'], ['Old']], INJECTED)).reason).toBeNull()
})

test('an alert that resolved and fires again ends the run', async () => {
  expect((await endingOf([['Old'], [], ['Old']], INJECTED)).reason).toContain('Old')
})
