import { describe, expect, test } from 'vitest'
import { FAULT_PHASES } from '../../lib/core/fault-resource.ts'
import type { Notification } from '../../lib/core/run-folder.ts'
import { Verdict } from '../../lib/core/verdict.ts'
import { at, buildRun, rule, type RunSpec } from '../testing/build-run.ts'
import { score } from './score.ts'

const GOOD: RunSpec = {
  steps: [{ name: 'kill', injected: 100, recovered: 130, alerts: [['availability']] }],
  rules: [rule('ReplicaDown', 'availability')],
  episodes: [{ alert: 'ReplicaDown', pending: 102, fired: 106, resolved: 132 }],
}

describe('a run that left a fault in the target', () => {
  const left = new Set(['Pending', 'Planned', 'Injecting', 'Active', 'Healing'])

  test.each(FAULT_PHASES.filter((phase) => phase !== 'Failed'))('in phase %s is judged by that', (phase) => {
    const steps = (GOOD.steps ?? []).map((step) => ({ ...step, phase }))
    const verdict = score(buildRun({ ...GOOD, steps }))
    const unhealed = left.has(phase) ? [`kill (phase ${phase})`] : []
    expect(verdict).toMatchObject({ unhealed, outcome: unhealed.length > 0 ? 'unknown' : 'pass' })
    expect(verdict.reasons).toEqual(unhealed.map((fault) => `not every fault is healed: ${fault}`))
    expect(() => Verdict.parse(verdict)).not.toThrow()
  })

  test('in no phase at all, too', () => {
    const run = buildRun(GOOD)
    const faults = (run.faults ?? []).map(({ status: _status, ...fault }) => fault)
    expect(score({ ...run, faults }).unhealed).toEqual(['kill (phase Pending)'])
  })
})

test('a run in which nobody watched the pods is unknown: restarts are not known to be none', () => {
  const verdict = score({ ...buildRun(GOOD), pods: [] })
  expect(verdict.outcome).toBe('unknown')
  expect(verdict.reasons).toEqual([expect.stringContaining('kube/pods.jsonl is empty')])
})

describe('conditions that were not evaluated again', () => {
  const CACHE = rule('CacheFull', 'cache')
  const held = { ReplicaDown: [{ from: 102, to: 132 }] }

  test('are no doubt, since the samples tell when alerts fired, and are said', () => {
    const run = buildRun({ ...GOOD, conditions: held })
    for (const conditions of [null, []]) {
      const verdict = score({ ...run, conditions })
      expect(verdict).toMatchObject({ outcome: 'pass', reasons: [] })
      expect(verdict.unchecked).toEqual([
        expect.stringMatching(
          /^whether every alert fired as its own condition asks.*: prometheus\/conditions\.jsonl does not tell$/,
        ),
      ])
    }
    expect(score(run).unchecked).toEqual([])
  })

  test('are named where they are some only', () => {
    const run = buildRun({ ...GOOD, rules: [...(GOOD.rules ?? []), CACHE], conditions: held })
    const conditions = run.conditions?.filter(({ labels }) => !Object.values(labels).includes('CacheFull')) ?? []
    expect(score({ ...run, conditions }).unchecked.join()).toContain('whether CacheFull fired')
  })
})

describe('notifications', () => {
  const recorded = (spec: RunSpec, notifications: Notification[] | null) => {
    const run = buildRun(spec)
    const plan = run.plan && { ...run.plan, target: { ...run.plan.target, notifications: true } }
    return score({ ...run, plan, notifications })
  }
  const told = (alertname: string, seconds: number): Notification => ({
    receivedAt: at(seconds + 1),
    status: 'firing',
    alerts: [{ status: 'firing', labels: { alertname }, startsAt: at(seconds), endsAt: null, fingerprint: alertname }],
  })

  test.each([
    { kept: null, reason: /were not recorded: alertmanager\/notifications\.jsonl is missing/ },
    { kept: [], reason: /were not recorded: .* is empty, although alerts fired/ },
  ])('that were to be recorded and are $kept make the run unknown', ({ kept, reason }) => {
    const verdict = recorded(GOOD, kept)
    expect(verdict.outcome).toBe('unknown')
    expect(verdict.reasons).toEqual([expect.stringMatching(reason)])
  })

  test('are not missed where nobody was to record them', () => {
    expect(score({ ...buildRun(GOOD), notifications: null }).outcome).toBe('pass')
  })

  test('that never came for an alert are said, where others had theirs', () => {
    const both: RunSpec = {
      ...GOOD,
      steps: (GOOD.steps ?? []).map((step) => ({ ...step, tolerates: ['cache'] })),
      rules: [...(GOOD.rules ?? []), rule('CacheFull', 'cache')],
      episodes: [...(GOOD.episodes ?? []), { alert: 'CacheFull', pending: 104, fired: 108, resolved: 126 }],
    }
    const reasons = recorded(both, [told('CacheFull', 108)]).lines.map(({ reason }) => reason)
    expect(reasons).toEqual([expect.stringMatching(/; never notified$/), expect.not.stringContaining('notified')])
    const all = recorded(both, [told('CacheFull', 108), told('ReplicaDown', 106)])
    expect(all.lines.map(({ reason }) => reason).join()).not.toContain('notified')
    expect(all.outcome).toBe('pass')
  })
})
