import { describe, expect, test } from 'vitest'
import type { TargetSnapshot } from '../../lib/core/fault.ts'
import { seededRandom } from '../../lib/core/random.ts'
import { faults } from './registry.gen.ts'
import { SNAPSHOT } from './testing/examples.ts'

const planOf = (name: string, owned: readonly string[] | undefined, params: object = {}, seed = 1) => {
  const fault = faults[name] ?? expect.fail(name)
  const pods = SNAPSHOT.pods.map(({ owned: _owned, ...pod }) =>
    owned === undefined ? pod : { ...pod, owned: owned.includes(pod.name) },
  )
  const target: TargetSnapshot = { ...SNAPSHOT, pods }
  const random = seededRandom(seed)
  return fault.plan({ params: fault.params.parse(params), target, random, id: 'f-1', now: 1_000, durationMs: 30_000 })
}
const SEEDS = Array.from({ length: 30 }, (_, seed) => seed)

/** All that end a pod and leave it to its owner to start another. */
describe.for([
  ['pod-kill', {}],
  ['pod-evict', {}],
  ['node-drain', {}],
  ['gpu-memory-pressure', { restartVictim: true }],
] as const)('%s %j', ([name, params]) => {
  test('takes pods that a controller owns, and no other', () => {
    for (const seed of SEEDS) {
      const planned = planOf(name, ['b'], params, seed)
      const text = planned.ok ? JSON.stringify(planned.plan) : expect.fail(planned.reason)
      expect(text).toContain('uid-of-b')
      expect(text).not.toMatch(/uid-of-[ac]"/)
    }
  })

  test('is refused where nobody owns any', () => {
    const reason = expect.stringMatching(/expected .*that a controller owns.*found/)
    expect(planOf(name, [], params)).toEqual({ ok: false, reason })
  })

  test('is planned on a snapshot that does not say', () => {
    expect(planOf(name, undefined, params).ok).toBe(true)
  })
})

test('a pod that nobody owns stays on a node that is drained', () => {
  const pods = SNAPSHOT.pods.map((pod) => ({ ...pod, node: 'gpu-1', owned: pod.name !== 'a' }))
  const fault = faults['node-drain'] ?? expect.fail('no fault')
  const random = seededRandom(1)
  const target = { ...SNAPSHOT, pods }
  const planned = fault.plan({ params: {}, target, random, id: 'f-1', now: 1_000, durationMs: 30_000 })
  expect(planned).toMatchObject({ ok: true, unavailable: 2, plan: { victims: [{ name: 'b' }, { name: 'c' }] } })
})

test('a co-tenant that ends no pod comes to those that nobody owns, too', () => {
  expect(planOf('gpu-memory-pressure', []).ok).toBe(true)
})
