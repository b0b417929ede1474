import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClockwork } from '../clockwork.ts'
import { createDeadlines } from './deadlines.ts'

test('what is still open is due when its time has passed, and nothing else is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ start: fc.nat(500), lasts: fc.nat(200) })), async (given) => {
      const clock = createClockwork(0)
      const open = new Map<number, number>()
      const due: [number, number][] = []
      const deadlines = createDeadlines(clock, 100, {
        startedAt: (number) => open.get(number) ?? null,
        onDue: (number) => {
          open.delete(number)
          due.push([number, clock.now()])
        },
      })
      const sorted = given.toSorted((a, b) => a.start - b.start)
      for (const [number, { start, lasts }] of sorted.entries()) {
        clock.at(start, () => {
          open.set(number, start)
          deadlines.add()
          clock.after(lasts + 0.5, () => open.delete(number))
        })
      }
      await clock.run(1_000)
      const wanted = sorted.flatMap(({ start, lasts }, number) =>
        lasts + 0.5 > 100 ? [[number, start + 100] as [number, number]] : [],
      )
      expect(due).toEqual(wanted)
    }),
  )
})
