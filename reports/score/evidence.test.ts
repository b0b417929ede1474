import { describe, expect, test } from 'vitest'
import { FAULT_PHASES } from '../../lib/core/fault-resource.ts'
import { Verdict } from '../../lib/core/verdict.ts'
import { buildRun, rule, type RunSpec } from '../testing/build-run.ts'
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
