import { expect, test } from 'vitest'
import { buildRun, rule } from '../../reports/testing/build-run.ts'
import chat from '../../scenarios/workloads/chat.ts'
import { Workload } from '../core/workload.ts'
import { describePlan } from './plan.ts'

test('the plan tells for each step and alert when it must fire, by the physics and the onset of the target', () => {
  const rules = [
    rule('QueueLong', 'queue'),
    rule('TtftHigh', 'latency', { windowMs: 40_000, forMs: 8_000 }),
    rule('ReplicaDown', 'availability'),
  ]
  const steps = [{ name: 'flag', alerts: [['queue', 'latency']], tolerates: ['availability'], onset: 15 }]
  const { scenario, plan } = buildRun({ rules, steps })
  if (scenario === null || plan === null) throw new Error('expected a whole run')
  const text = describePlan(scenario, plan, Workload.parse(chat))
  // S + d + E + for + tolerance = 2 + 0.5 + 2 + 4 + 3 = 11.5 s, and the onset.
  expect(text).toMatch(/flag +QueueLong +\+4s…\+26s500ms +15s/)
  expect(text).toMatch(/flag +TtftHigh +\+8s…\+1m10s500ms +15s/)
  expect(text).not.toMatch(/flag +ReplicaDown/)
  expect(text).toContain('prompt tokens 100 to 300')
})

test('the plan tells what the scenario promises, which comes before the workload’s own', () => {
  const { scenario, plan } = buildRun({ steps: [] })
  if (scenario === null || plan === null) throw new Error('expected a whole run')
  const workload = Workload.parse({ ...chat, slo: { ttft: '7s' } })
  const own = { ...scenario, load: { ...scenario.load, slo: { ttft: 2_000, tpot: 100 } } }
  expect(describePlan(own, plan, workload)).toContain('promised ttft 2s, tpot 100ms')
})
