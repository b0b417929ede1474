import { expect, test } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { minimise } from './minimise.ts'

const LIMITS = { generations: 60, draws: 20, kept: 6, narrowest: 1e-6 }
const START = [
  { at: 0, spread: 1 },
  { at: 0, spread: 1 },
]

test('finds the bottom of a curved valley that has steps', () => {
  const cost = ([x = 0, y = 0]: readonly number[]): number =>
    Math.floor(1e4 * ((1 - x) ** 2 + 10 * (y - x ** 2) ** 2)) / 1e4
  const best = [...minimise(cost, START, seededRandom(3), LIMITS)].at(-1)
  expect(best?.value).toBeLessThan(0.01)
  expect(best?.at[0]).toBeCloseTo(1, 1)
})

test('is the same every time, and never gets worse', () => {
  const cost = ([x = 0, y = 0]: readonly number[]): number => Math.abs(x - 2) + Math.abs(y + 1)
  const run = () => [...minimise(cost, START, seededRandom(1), LIMITS)].map(({ value }) => value)
  const values = run()
  expect(values).toEqual(run())
  expect(values).toEqual([...values].sort((a, b) => b - a))
})
