import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { deriveFurther, deriveSeed, seededRandom } from './random.ts'

test('the same seed draws the same numbers, in [0, 1)', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const [a, b] = [seededRandom(seed), seededRandom(seed)]
      for (let draw = 0; draw < 20; draw++) {
        const value = a.next()
        expect(b.next()).toBe(value)
        expect(value >= 0 && value < 1).toBe(true)
      }
    }),
  )
})

test('picks are distinct, from the list, and no more than there are', () => {
  fc.assert(
    fc.property(fc.integer(), fc.uniqueArray(fc.integer()), fc.nat(10), (seed, items, count) => {
      const picked = seededRandom(seed).pick(items, count)
      expect(picked).toHaveLength(Math.min(count, items.length))
      expect(new Set(picked).size).toBe(picked.length)
      for (const item of picked) expect(items).toContain(item)
    }),
  )
})

test('the mean of many draws is near a half', () => {
  const random = seededRandom(1)
  const draws = Array.from({ length: 10_000 }, () => random.next())
  expect(draws.reduce((sum, draw) => sum + draw, 0) / draws.length).toBeCloseTo(0.5, 1)
})

test('parts of a run draw from seeds of their own', () => {
  expect(deriveSeed(1, 'template')).not.toBe(deriveSeed(1, 'kill'))
  expect(deriveSeed(1, 'template')).not.toBe(deriveSeed(2, 'template'))
})

test('a seed can be derived from a name part by part', () => {
  fc.assert(
    fc.property(fc.integer(), fc.string(), fc.string(), (seed, begun, rest) => {
      expect(deriveFurther(deriveSeed(seed, begun), rest)).toBe(deriveSeed(seed, begun + rest))
    }),
  )
})
