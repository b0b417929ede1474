import { expect, test } from 'vitest'
import { seededRandom } from '../../lib/core/random.ts'
import { EXAMPLES, SNAPSHOT } from '../faults/testing/examples.ts'
import { faults } from '../faults/registry.gen.ts'
import { takenBy } from './taken.ts'

const planOf = (name: string, params: Record<string, unknown> = {}) => {
  const fault = faults[name] ?? expect.fail(name)
  const random = seededRandom(1)
  const given = { params: fault.params.parse(params), target: SNAPSHOT, random, id: 'f-1', now: 1_000 }
  const planned = fault.plan({ ...given, durationMs: 30_000 })
  return planned.ok ? planned.plan : expect.fail(planned.reason)
}

test('what scale-down takes is missing until it is back, by whomever', () => {
  const plan = planOf('scale-down', { by: 2 })
  expect([1, 2, 3, 4, 9].map((now) => takenBy(plan, now))).toEqual([2, 2, 1, 0, 0])
})

test('no other fault takes replicas away', () => {
  const others = Object.keys(faults).filter((name) => name !== 'scale-down')
  const taken = others.filter((name) => (EXAMPLES[name] ?? []).some((params) => takenBy(planOf(name, params), 0) > 0))
  expect(taken).toEqual([])
  expect(takenBy(undefined, 0)).toBe(0)
})
