import { expect, test } from 'vitest'
import { seededRandom } from '../../lib/core/random.ts'
import { bucketWidth } from '../../lib/core/gap-histogram.ts'
import { gapPercentile, gapSum } from './gaps.ts'

/** The bucket as the client has it: exact below 64 µs, then 64 to an octave. */
const lowerOf = (micros: number): number => {
  if (micros < 64) return micros
  const width = 2 ** (Math.floor(Math.log2(micros)) - 6)
  return Math.floor(micros / width) * width
}

test('every bucket ends where the next begins', () => {
  let lower = 0
  while (lower < 1e8) {
    const upper = lower + bucketWidth(lower)
    expect(lowerOf(upper)).toBe(upper)
    expect(lowerOf(upper - 1)).toBe(lower)
    lower = upper
  }
})

test('a percentile of the buckets is that of the gaps, within a hundredth', () => {
  const random = seededRandom(4)
  for (let round = 0; round < 50; round++) {
    const gaps = Array.from({ length: 1 + random.int(500) }, () => Math.round(10 ** (1 + 5 * random.next())))
    const sum = gapSum()
    for (const gap of gaps) sum.add([[lowerOf(gap), 1]])
    const sorted = gaps.toSorted((a, b) => a - b)
    for (const share of [0.5, 0.95, 0.99, 1]) {
      const exact = (sorted[Math.ceil(share * sorted.length) - 1] ?? 0) / 1_000
      const found = gapPercentile(sum.histogram(), share) ?? 0
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.max(0.0005, exact / 100))
    }
  }
})

test('no gaps have no percentile', () => expect(gapPercentile([], 0.5)).toBeNull())
