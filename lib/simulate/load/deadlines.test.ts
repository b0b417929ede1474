import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClockwork } from '../clockwork.ts'
import { createDeadlines } from './deadlines.ts'

test('what is still open is due when its time has passed, and nothing else is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ start: fc.nat(500), lasts: fc.nat(200) })), async (given) => {
      const clock = createClockwork(0)
      const open = new Set<number>()
      const due: [number, number][] = []
      const deadlines = createDeadlines(clock, 100, {
        isOpen: (number) => open.has(number),
        onDue: (number) => {
          open.delete(number)
          due.push([number, clock.now()])
        },
      })
      for (const [number, { start, lasts }] of given.entries()) {
        clock.at(start, () => {
          open.add(number)
          deadlines.add(number)
          clock.after(lasts + 0.5, () => open.delete(number))
        })
      }
      await clock.run(1_000)
      const wanted = given.flatMap(({ start, lasts }, number) =>
        lasts + 0.5 > 100 ? [[number, start + 100] as [number, number]] : [],
      )
      expect(due.sort((a, b) => a[0] - b[0])).toEqual(wanted)
    }),
  )
})
