import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClockwork } from './clockwork.ts'

test('events happen in order of time, and in the order asked for at the same time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20)), async (times) => {
      const clock = createClockwork(100)
      const seen: [number, number][] = []
      for (const [index, time] of times.entries()) clock.at(100 + time, () => seen.push([clock.now(), index]))
      await clock.run(200)
      const wanted = times.map((time, index): [number, number] => [100 + time, index])
      expect(seen).toEqual(wanted.sort((a, b) => a[0] - b[0] || a[1] - b[1]))
      expect(clock.now()).toBe(200)
    }),
  )
})

test('a sleeper acts at its time, before anything later, and so do those it wakes', async () => {
  const clock = createClockwork(0)
  const seen: string[] = []
  const sleeper = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      await clock.sleep(10)
      await Promise.resolve()
      seen.push(`sleeper ${clock.now()}`)
    }
  }
  void sleeper()
  for (const time of [5, 10, 11, 20, 29, 31]) clock.at(time, () => seen.push(`event ${clock.now()}`))
  await clock.run(100)
  expect(seen).toEqual([
    'event 5',
    'sleeper 10',
    'event 10',
    'event 11',
    'event 20',
    'sleeper 20',
    'event 29',
    'sleeper 30',
    'event 31',
  ])
})

test('time stands still while an answer from outside is awaited', async () => {
  const clock = createClockwork(0)
  const seen: number[] = []
  const ask = async (): Promise<void> => {
    await clock.sleep(10)
    await clock.hold(new Promise((resolve) => setTimeout(resolve, 20)))
    seen.push(clock.now())
  }
  void ask()
  clock.at(11, () => seen.push(-11))
  await clock.run(50)
  expect(seen).toEqual([10, -11])
})

test('what is cancelled does not happen; stop ends the run at its time', async () => {
  const clock = createClockwork(0)
  const seen: number[] = []
  const alarm = clock.at(10, () => seen.push(10))
  clock.at(5, () => alarm.cancel())
  clock.at(20, () => clock.stop())
  clock.at(21, () => seen.push(21))
  await clock.run(100)
  expect([seen, clock.now()]).toEqual([[], 20])
})

test('a sleeper can be woken by its signal', async () => {
  const clock = createClockwork(0)
  const bell = new AbortController()
  let woke = -1
  void clock.sleep(50, bell.signal).then(() => {
    woke = clock.now()
  })
  clock.at(7, () => bell.abort())
  await clock.run(100)
  expect(woke).toBe(7)
})
