import { expect, test } from 'vitest'
import { faults } from '../../chaos/faults/registry.gen.ts'
import type { TargetSnapshot } from '../core/fault.ts'
import { Scenario, type ScenarioInput } from '../core/scenario.ts'
import { refusedSteps } from './dry-plan.ts'

const flags = { flags: { template: { state: 'ENABLED', defaultVariant: 'off', variants: { off: {}, v2: {} } } } }

const target: TargetSnapshot = {
  namespace: 'llm',
  selector: 'app=vllm',
  pods: ['a', 'b', 'c'].map((name) => ({ name, uid: name, node: name, ready: true, image: 'vllm' })),
  can: {
    'feature-flags': { ok: true, configMap: 'feature-flags', key: 'flags.json', document: JSON.stringify(flags) },
  },
}

const scenario = (timeline: ScenarioInput['timeline']): Scenario =>
  Scenario.parse({
    name: 'dry',
    summary: 'x',
    load: { users: { stages: [{ to: 1, over: '1s' }] }, workload: 'chat' },
    timeline,
  })

let time = 0
const step = (fault: string, params: Record<string, unknown>) => ({
  when: { kind: 'at' as const, time: (time += 10_000) },
  fault,
  params,
  lasting: '5s',
})

test('steps that the target can play are not refused', () => {
  const timeline = { flip: step('feature-flag', { flag: 'template', variant: 'v2' }), kill: step('pod-kill', {}) }
  expect(refusedSteps(scenario(timeline), faults, target)).toEqual([])
})

test('every step that would be refused is told, with the reason and its place', () => {
  const timeline = {
    flag: step('feature-flag', { flag: 'nope', variant: 'v2' }),
    variant: step('feature-flag', { flag: 'template', variant: 'v9' }),
    many: step('pod-kill', { count: 2 }),
  }
  const problems = refusedSteps(scenario(timeline), faults, target)
  expect(problems).toHaveLength(3)
  expect(problems[0]).toContain('found "nope"\n  → at timeline.flag')
  expect(problems[1]).toContain('expected a variant of template (off, v2), found "v9"\n  → at timeline.variant')
  expect(problems[2]).toContain('safety.maxUnavailable), found 2\n  → at timeline.many')
})
