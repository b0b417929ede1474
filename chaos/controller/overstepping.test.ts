import { expect, test } from 'vitest'
import { UNAVAILABLE_FOR_MS } from '../../lib/core/safety.ts'
import { overstepping } from './overstepping.ts'

const missing = (count: number) => ({ replicas: 3, ready: 3 - count })

test('more than allowed, for long enough', () => {
  const look = overstepping(1)
  expect(look(missing(2), 1_000)).toBeNull()
  expect(look(missing(2), 1_000 + UNAVAILABLE_FOR_MS - 1)).toBeNull()
  expect(look(missing(3), 1_000 + UNAVAILABLE_FOR_MS)).toBe(
    'expected at most 1 serving pods unavailable, found 3 of 3 for 15 s',
  )
})

test('a moment in between in which it was allowed starts anew', () => {
  const look = overstepping(1)
  expect(look(missing(2), 0)).toBeNull()
  expect(look(missing(1), UNAVAILABLE_FOR_MS - 1)).toBeNull()
  expect(look(missing(2), UNAVAILABLE_FOR_MS)).toBeNull()
  expect(look(missing(2), 2 * UNAVAILABLE_FOR_MS - 1)).toBeNull()
  expect(look(missing(2), 2 * UNAVAILABLE_FOR_MS)).toContain('2 of 3')
})

test('replicas that a fault has taken away are missing', () => {
  const look = overstepping(1)
  const state = { replicas: 2, ready: 1, taken: 1 }
  expect(look(state, 0)).toBeNull()
  expect(look(state, UNAVAILABLE_FOR_MS)).toContain('2 of 3')
  expect(look({ ...state, ready: 2 }, UNAVAILABLE_FOR_MS)).toBeNull()
  // Still there, and about to go.
  const both = { replicas: 1, ready: 3, taken: 2 }
  expect([0, UNAVAILABLE_FOR_MS].map((now) => overstepping(2)(both, now))).toEqual([null, null])
  expect(look(both, 0)).toBeNull()
  expect(look(both, UNAVAILABLE_FOR_MS)).toContain('2 of 3')
})
