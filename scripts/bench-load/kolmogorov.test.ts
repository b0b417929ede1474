import { expect, test } from 'vitest'
import { criticalDistance, exponentialDistance } from './kolmogorov.ts'

/** Park and Miller's generator: the same numbers everywhere. */
const uniforms = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

const arrivals = (count: number, gap: () => number): number[] => {
  let at = 1_795_310_941_000
  return Array.from({ length: count }, () => (at += gap()))
}

test('a Poisson process passes at its own rate, and nearly always does', () => {
  const passed = Array.from({ length: 200 }, (_, seed) => {
    const uniform = uniforms(seed + 1)
    const times = arrivals(2_000, () => -Math.log(1 - uniform()) * 5)
    return exponentialDistance(times, 200) < criticalDistance(times.length)
  })
  expect(passed.filter(Boolean).length).toBeGreaterThan(190)
})

test.each([
  ['a constant schedule', () => 5, 200],
  [
    'a Poisson process at another rate',
    (() => {
      const uniform = uniforms(7)
      return () => -Math.log(1 - uniform()) * 7
    })(),
    200,
  ],
  [
    'arrivals in pairs',
    (() => {
      let count = 0
      return () => {
        count += 1
        return count % 2 === 0 ? 10 : 0
      }
    })(),
    200,
  ],
])('%s does not', (_, gap, rate) => {
  const times = arrivals(2_000, gap)
  expect(exponentialDistance(times, rate)).toBeGreaterThan(criticalDistance(times.length))
})

test('the distance of a known sample', () => {
  // Gaps of 1, 2 and 3 s at one a second: at 1 s 1 − 1/e = 0.632 are expected, and none is shorter.
  expect(exponentialDistance([0, 1_000, 3_000, 6_000], 1)).toBeCloseTo(1 - Math.exp(-1), 9)
})
