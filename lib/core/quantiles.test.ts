import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { meanOf, quantileAt, type QuantilePoint, shareUpTo } from './quantiles.ts'
import { distanceTo, tableOf } from './quantile-table.ts'
import { seededRandom } from './random.ts'

const sample = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 300 })

test('points are hit, and lines lie between them', () => {
  const points: QuantilePoint[] = [
    [0, 10],
    [0.5, 20],
    [1, 120],
  ]
  expect([0, 0.25, 0.5, 0.75, 0.999_999].map((u) => quantileAt(points, u))).toEqual([10, 15, 20, 70, 120])
  expect([9, 10, 15, 20, 70, 120].map((tokens) => shareUpTo(points, tokens))).toEqual([0, 0, 0.25, 0.5, 0.75, 1])
  expect(meanOf(points)).toBe(42.5)
})

test('two points of one count are its share, two of one share a gap', () => {
  const points: QuantilePoint[] = [
    [0, 5],
    [0.3, 5],
    [0.3, 99],
    [1, 100],
  ]
  expect([0, 0.29, 0.31, 0.9].map((u) => quantileAt(points, u))).toEqual([5, 5, 100, 100])
  expect(shareUpTo(points, 5)).toBe(0.3)
  expect(shareUpTo(points, 98)).toBe(0.3)
})

test('a table with room for every count draws exactly the sample', () => {
  fc.assert(
    fc.property(sample, (counts) => {
      const table = tableOf(counts, 2_000)
      expect(distanceTo(counts, table)).toBeLessThan(1e-5)
      expect(quantileAt(table, 0)).toBe(Math.min(...counts))
      expect(quantileAt(table, 0.999_999)).toBe(Math.max(...counts))
    }),
  )
})

test('a table never falls, ends at 0 and 1, and has no more points than asked beyond its anchors', () => {
  fc.assert(
    fc.property(sample, (counts) => {
      const table = tableOf(counts, 12)
      expect(table.length).toBeLessThanOrEqual(12)
      expect([table[0]?.[0], table.at(-1)?.[0]]).toEqual([0, 1])
      for (const [index, [p, tokens]] of table.entries()) {
        const before = table[index - 1] ?? [0, 0]
        expect(p >= before[0] && tokens >= before[1]).toBe(true)
      }
    }),
  )
})

test('what is drawn is what the share function says, for any table (Kolmogorov–Smirnov, 1 %)', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const random = seededRandom(seed)
    const counts = Array.from({ length: 400 }, () => Math.ceil(Math.exp(random.next() * 8)))
    const table = tableOf(counts, 25)
    const draws = Array.from({ length: 20_000 }, () => quantileAt(table, random.next()))
    expect(distanceTo(draws, table)).toBeLessThan(1.63 / Math.sqrt(draws.length))
  }
})

test('more points are nearer', () => {
  const random = seededRandom(1)
  const counts = Array.from({ length: 5_000 }, () => Math.ceil(-Math.log(1 - random.next()) * 900))
  const distances = [12, 20, 33].map((points) => distanceTo(counts, tableOf(counts, points)))
  expect(distances).toEqual(distances.toSorted((a, b) => b - a))
  expect(distances.at(-1)).toBeLessThan(0.01)
})
