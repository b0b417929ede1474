import { expect, test } from 'vitest'
import type { TargetSnapshot } from '../../lib/core/fault.ts'
import type { WorkloadFacts } from '../../lib/core/fault-kube/workload.ts'
import { seededRandom } from '../../lib/core/random.ts'
import benign from '../faults/benign-rollout.ts'
import { SNAPSHOT } from '../faults/testing/examples.ts'
import { newPods, planRollout, setOption } from './rollout.ts'

const { workload } = SNAPSHOT.can
if (workload?.ok !== true) throw new Error('the examples have a workload')

const target = (change: Partial<WorkloadFacts>): TargetSnapshot => ({
  ...SNAPSHOT,
  can: { workload: { ...workload, ...change } },
})
const option = (change: Partial<WorkloadFacts>, name = '--x') =>
  planRollout(target(change), (facts) => setOption(facts, name, '1'))

test('a rollout is planned with its way back, and takes as many pods as the controller does at a time', () => {
  const args = ['--model', 'm']
  expect(option({ args, atOnce: 2 })).toEqual({
    ok: true,
    unavailable: 2,
    plan: {
      namespace: 'llm',
      revision: workload.revision,
      change: {
        workload: { kind: 'Deployment', name: 'vllm', uid: 'uid-of-vllm', container: 'vllm' },
        before: { args },
        after: { args: [...args, '--x', '1'] },
      },
    },
  })
})

test.each([
  [{ kind: 'StatefulSet' as const }, /a Deployment, which goes back by itself, found StatefulSet vllm/],
  [{ atOnce: null }, /a Deployment/],
  [
    { atOnce: 0, replicas: 3 },
    /at least one pod away at a time, found .* Deployment vllm comes to 0 of 3: .*surge pod/,
  ],
  [{ args: ['--x', '1'] }, /it is so already/],
  [{ command: ['sh', '-c'], args: ['vllm serve m'] }, /a script for a shell/],
  [{ command: [], args: null }, /they come with its image/],
])('%j is refused', (change, reason) => {
  expect(option(change)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
})

test('a restart that takes no pod away is refused as well', () => {
  const plan = (atOnce: number) =>
    benign.plan({
      params: {},
      target: target({ atOnce }),
      random: seededRandom(1),
      id: 'f-1',
      now: 1_000,
      durationMs: 30_000,
    })
  expect(plan(1)).toMatchObject({ ok: true, unavailable: 1 })
  expect(plan(0)).toEqual({ ok: false, reason: expect.stringMatching(/at least one pod away at a time, found /) })
})

test('arguments of the command stay, and ours come after them', () => {
  const planned = option({ command: ['vllm', 'serve', '--x', '2'], args: null })
  expect(planned).toMatchObject({
    ok: true,
    plan: { change: { before: { args: null }, after: { args: ['--x', '1'] } } },
  })
})

test('a capability that was not asked, or said no, is the refusal', () => {
  const none = { ...SNAPSHOT, can: {} }
  expect(planRollout(none, () => ({ ok: false, reason: '' }))).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/expected .* found/),
  })
  const no = { ...SNAPSHOT, can: { workload: { ok: false as const, reason: 'expected a, found b' } } }
  expect(planRollout(no, () => ({ ok: false, reason: '' }))).toEqual({ ok: false, reason: 'expected a, found b' })
})

test('new pods are those of another template', () => {
  const pods = SNAPSHOT.pods.map((pod, index) => ({ ...pod, revision: index === 0 ? 'new' : 'old' }))
  expect(newPods(pods, { revision: 'old' }).map(({ name }) => name)).toEqual(['a'])
})
