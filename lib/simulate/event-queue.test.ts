import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventQueue } from './event-queue.ts'

test('comes out by time, then by order, whatever goes in meanwhile', () => {
  const step = fc.record({
    delays: fc.array(fc.oneof(fc.constant(2), fc.nat(4), fc.nat(60)), { maxLength: 6 }),
    pops: fc.nat(6),
  })
  fc.assert(
    fc.property(fc.array(step), fc.nat(1_500), (steps, crowd) => {
      const queue = createEventQueue<number>()
      const left: { time: number; order: number }[] = []
      let now = 0
      let order = 0
      const push = (time: number): void => {
        queue.push(time, order, now)
        left.push({ time, order: order++ })
      }
      const pop = (): void => {
        left.sort((a, b) => a.time - b.time || a.order - b.order)
        const next = left.shift()
        expect(queue.nextTime()).toBe(next?.time ?? null)
        expect(queue.pop()).toBe(next?.order ?? null)
        now = next?.time ?? now
      }
      // More than fit in its first columns.
      for (let index = 0; index < crowd; index++) push(now + 2)
      for (const { delays, pops } of steps) {
        for (const delay of delays) push(now + delay)
        for (let index = 0; index < pops; index++) pop()
      }
      while (left.length > 0) pop()
      expect(queue.nextTime()).toBeNull()
      expect(queue.pop()).toBeNull()
    }),
    { numRuns: 60 },
  )
})
