import { expect, test } from 'vitest'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { RunPlan } from '../core/run-folder.ts'
import { Scenario } from '../core/scenario.ts'
import { makePlan } from './plan.ts'

const TARGET = {
  namespace: 'llm',
  selector: 'app=vllm',
  url: 'http://127.0.0.1:8080',
  prometheus: 'http://127.0.0.1:9090',
  replicas: 3,
  model: 'model',
  engineVersion: null,
  notifications: true,
}
const FACTS = { target: TARGET, timing: { scrapeIntervalMs: 2_000, evaluationIntervalMs: 2_000 }, rules: [] }

const step = (time: string) => ({ when: { kind: 'at', time }, fault: 'pod-kill', lasting: '20s' })
const WRITTEN = {
  name: 'two',
  summary: 'Two faults',
  load: { users: { stages: [{ to: 1, over: '1s' }] }, workload: 'chat' },
}
const scenario = Scenario.parse({
  ...WRITTEN,
  timeline: { slow: step('10s'), plain: step('60s'), silent: step('90s') },
  expect: { slow: { alerts: ['cache'], onset: '40s' }, plain: { alerts: ['queue'] } },
})

test('the plan carries what the scenario grants the target to show an effect, 15 s where it says nothing', () => {
  expect(makePlan(scenario, FACTS, faults).steps.map(({ expected }) => expected.onsetMs)).toEqual([
    40_000, 15_000, 15_000,
  ])
})

test('a control is known as one, and nothing may be expected of it', () => {
  const timeline = { slow: step('10s'), calm: { ...step('60s'), fault: 'none' } }
  const calm = Scenario.parse({ ...WRITTEN, timeline, expect: { calm: { tolerates: ['latency'] } } })
  expect(makePlan(calm, FACTS, faults).steps.map(({ control }) => control)).toEqual([false, true])
  const wrong = Scenario.parse({ ...WRITTEN, timeline, expect: { calm: { alerts: ['cache', ['queue', 'latency']] } } })
  expect(() => makePlan(wrong, FACTS, faults)).toThrow('found cache, queue, latency at expect.calm')
})

test('plans of folders that know of no onset, no notifications and no groups are read with the defaults', () => {
  const { steps, target, ...plan } = makePlan(scenario, FACTS, faults)
  const { notifications: _notifications, ...oldTarget } = target
  const old = steps.map(({ group: _group, draw: _draw, expected: { alerts, tolerates }, ...rest }) => ({
    ...rest,
    expected: { alerts, tolerates },
  }))
  const read = RunPlan.parse({ ...plan, target: oldTarget, steps: old })
  expect(read.steps[0]).toMatchObject({ group: null, draw: 'band', expected: { onsetMs: 15_000 } })
  expect(read.target.notifications).toBe(false)
})
