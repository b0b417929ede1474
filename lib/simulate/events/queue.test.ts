import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventQueue } from './queue.ts'

test('at one time the older is first, wherever the two wait', () => {
  const queue = createEventQueue<string>(0)
  queue.push(10, 'asked for long before')
  queue.push(8, 'first')
  expect([queue.next(7), queue.next(8)]).toEqual([null, 'first'])
  queue.push(10, 'asked for just before')
  expect([queue.next(Infinity), queue.next(Infinity)]).toEqual(['asked for long before', 'asked for just before'])
})

test('comes out by time, then by order, whatever goes in meanwhile', () => {
  const step = fc.record({
    delays: fc.array(fc.constantFrom(0, 2, 2, 2, 15, 16, 40, 900, 16_383, 16_384, 20_000, 100_000), { maxLength: 6 }),
    pops: fc.nat(6),
  })
  fc.assert(
    fc.property(fc.array(step), fc.constantFrom(0, 3, 1_500), (steps, crowd) => {
      const queue = createEventQueue<number>(0)
      const left: { time: number; order: number }[] = []
      let now = 0
      let order = 0
      const push = (time: number): void => {
        queue.push(time, order)
        left.push({ time, order: order++ })
      }
      const pop = (): void => {
        left.sort((a, b) => a.time - b.time || a.order - b.order)
        const next = left.shift()
        if (next !== undefined) expect(queue.next(next.time - 1)).toBeNull()
        expect(queue.next(next?.time ?? Infinity)).toBe(next?.order ?? null)
        now = next?.time ?? now
        expect(queue.time()).toBe(now)
      }
      // More than fit in its first columns.
      for (let index = 0; index < crowd; index++) push(now + 2)
      for (const { delays, pops } of steps) {
        for (const delay of delays) push(now + delay)
        for (let index = 0; index < pops; index++) pop()
      }
      while (left.length > 0) pop()
      expect(queue.next(Infinity)).toBeNull()
    }),
    { numRuns: 200 },
  )
})
