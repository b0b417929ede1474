import { describe, expect, test } from 'vitest'
import { drawArrivals } from './arrivals.ts'

const stages = [
  { to: 20, over: 10_000 },
  { to: 20, over: 60_000 },
  { to: 5, over: 0 },
  { to: 5, over: 20_000 },
]
/** Requests that the rates ask for by a time, in seconds. */
const expectedBy = (seconds: number): number =>
  seconds <= 10 ? seconds ** 2 : seconds <= 70 ? 100 + 20 * (seconds - 10) : 1_300 + 5 * (seconds - 70)

test('a constant schedule is exactly where the rate’s integral is whole', () => {
  const due = drawArrivals({ process: 'constant', stages }, 1)
  expect(due).toHaveLength(1_400)
  for (const [index, { at }] of due.entries()) expect(expectedBy(at / 1_000)).toBeCloseTo(index + 1, 6)
})

describe.each([
  ['poisson', { process: 'poisson' as const, stages }, 1],
  ['gamma in bursts', { process: 'gamma' as const, burstiness: 0.25, stages }, 4],
  ['gamma, regular', { process: 'gamma' as const, burstiness: 4, stages }, 0.25],
])('%s', (_, arrivals, variance) => {
  const all = Array.from({ length: 200 }, (__, seed) => drawArrivals(arrivals, seed))

  test('has the rates that it was given, on average', () => {
    for (const second of [5, 10, 40, 70, 90]) {
      const counts = all.map((due) => due.filter(({ at }) => at <= second * 1_000).length)
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
      // Four standard errors of the mean.
      const most = 4 * Math.sqrt((variance * expectedBy(second)) / counts.length) + 1
      expect(Math.abs(mean - expectedBy(second))).toBeLessThan(most)
    }
  })

  test('has intervals of the variance that it was given', () => {
    const gaps = all.flatMap((due) => {
      const steady = due.filter(({ at }) => at > 10_000 && at < 70_000)
      return steady.slice(1).map(({ at }, index) => (at - (steady[index]?.at ?? 0)) / 50)
    })
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const found = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
    expect(mean).toBeCloseTo(1, 1)
    expect(found / variance).toBeGreaterThan(0.9)
    expect(found / variance).toBeLessThan(1.1)
  })

  test('is the same for the same seed, in order of time', () => {
    expect(drawArrivals(arrivals, 3)).toEqual(all[3])
    const times = (all[3] ?? []).map(({ at }) => at)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })
})
