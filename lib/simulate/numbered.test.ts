import { expect, test } from 'vitest'
import { seededRandom } from '../core/random.ts'
import { createNumbered } from './numbered.ts'

test('keeps what a Map keeps, whatever comes and goes', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed)
    const numbered = createNumbered<{ n: number }>()
    const map = new Map<number, { n: number }>()
    let next = Math.floor(random.next() * 1e6)
    const late: number[] = []
    for (let round = 0; round < 4_000; round++) {
      const draw = random.next()
      if (draw < 0.45) {
        // Some are skipped, and come later or never.
        next += 1 + (random.next() < 0.2 ? Math.floor(random.next() * 50) : 0)
        if (random.next() < 0.1) late.push(next++)
        const value = { n: next }
        numbered.add(next, value)
        map.set(next, value)
      } else if (draw < 0.5) {
        const number = late.shift()
        if (number === undefined) continue
        const value = { n: number }
        numbered.add(number, value)
        map.set(number, value)
      } else {
        const keys = [...map.keys()]
        // Mostly the oldest; now and then one that is not there.
        const number = draw < 0.6 ? next - Math.floor(random.next() * 3_000) : (keys[0] ?? next)
        expect(numbered.get(number)).toBe(map.get(number) ?? null)
        expect(numbered.remove(number)).toBe(map.get(number) ?? null)
        map.delete(number)
      }
      expect(numbered.size()).toBe(map.size)
    }
    expect(numbered.all()).toEqual([...map.entries()].sort(([a], [b]) => a - b).map(([, value]) => value))
  }
})

test('one that stays while many come and go is still there', () => {
  const numbered = createNumbered<string>()
  numbered.add(7, 'stays')
  for (let number = 8; number < 10_000; number++) {
    numbered.add(number, 'goes')
    numbered.remove(number)
  }
  expect(numbered.get(7)).toBe('stays')
  expect(numbered.all()).toEqual(['stays'])
})
