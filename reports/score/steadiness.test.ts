import { describe, expect, test } from 'vitest'
import type { KubeEvent, PodRecord } from '../../lib/core/run-folder.ts'
import { at, buildRun, rule } from '../testing/build-run.ts'
import { score } from './score.ts'

const RUN = buildRun({
  steps: [{ name: 'kill', injected: 100, recovered: 130, alerts: [['availability']] }],
  rules: [rule('ReplicaDown', 'availability')],
  episodes: [{ alert: 'ReplicaDown', pending: 102, fired: 106, resolved: 132 }],
})

const pod = (seconds: number, restarts: number): PodRecord => ({
  at: at(seconds),
  change: 'modified',
  name: 'gateway-0',
  uid: 'u',
  node: null,
  phase: 'Running',
  ready: true,
  restarts,
  reason: 'Error',
  exitCode: 137,
})

const event = (seconds: number, name: string, reason = 'NodeAgentRestarted'): KubeEvent => ({
  at: at(seconds),
  type: 'Warning',
  reason,
  object: `Pod/${name}`,
  message: '',
  count: 1,
})

describe('a run in which something else broke is unknown', () => {
  test('requests that fail before the first fault', () => {
    const requests = RUN.requests?.map((one, index) =>
      one.ended > at(80) && one.ended < at(99) && index % 5 === 0
        ? Object.assign({}, one, { status: 502, outcome: 'http_5xx', error: 'reset' })
        : one,
    )
    const verdict = score({ ...RUN, requests: requests ?? null })
    expect(verdict.outcome).toBe('unknown')
    expect(verdict.reasons.join()).toMatch(/not in its steady state: \d+ of \d+ requests failed in the 20s before/)
  })

  test('a pod that restarts during a control, which restarts nothing', () => {
    const calm = { name: 'calm', fault: 'none', control: true, injected: 50, effective: 51, recovered: 70 }
    const verdict = score({ ...buildRun({ steps: [calm] }), pods: [pod(0, 0), pod(60, 1)] })
    expect(verdict.outcome).toBe('unknown')
    expect(verdict.reasons.join()).toContain('gateway-0 restarted at +60s of the load, where no fault was')
  })

  test('a pod that restarts where no fault was', () => {
    const verdict = score({ ...RUN, pods: [pod(0, 0), pod(60, 1)] })
    expect(verdict.outcome).toBe('unknown')
    expect(verdict.reasons.join()).toContain(
      'gateway-0 restarted at +60s of the load, where no fault was (Error, exit code 137)',
    )
  })

  test('and a restart during a fault is that fault', () => {
    expect(score({ ...RUN, pods: [pod(0, 3), pod(110, 4)] }).outcome).toBe('pass')
  })

  test('a node agent that was killed, although a fault was in force', () => {
    const verdict = score({ ...RUN, events: [event(110, 'vllm-0'), event(110, 'gateway-0'), event(111, 'vllm-0')] })
    expect(verdict.outcome).toBe('unknown')
    expect(verdict.reasons.join()).toContain(
      'a node agent was killed by +110s of the load, which no fault does: 2 pods started again',
    )
  })

  test('and one that was killed before the load, or another event, is nothing', () => {
    const events = [event(-60, 'vllm-0'), event(110, 'vllm-0', 'Killing')]
    expect(score({ ...RUN, events }).outcome).toBe('pass')
  })
})
