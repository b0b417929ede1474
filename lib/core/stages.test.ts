import { expect, test } from 'vitest'
import { levelAt } from './stages.ts'

test('stages move linearly, jump where they take no time, and stay at their end', () => {
  const stages = [
    { to: 100, over: 10_000 },
    { to: 100, over: 5_000 },
    { to: 20, over: 0 },
    { to: 0, over: 10_000 },
  ]
  const levels = [-1, 0, 5_000, 10_000, 14_999, 15_000, 20_000, 25_000, 99_000].map((at) => levelAt(stages, at))
  expect(levels).toEqual([0, 0, 50, 100, 100, 20, 10, 0, 0])
})
