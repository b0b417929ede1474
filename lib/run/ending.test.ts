import { expect, test } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { Scenario } from '../core/scenario.ts'
import { playOut } from './ending.ts'

const users = { users: { stages: [{ to: 5, over: '1m' }] } }
const poisson = { arrivals: { process: 'poisson', stages: [{ to: 5, over: '1m' }] }, maxInFlight: 5 }
const trace = { arrivals: { process: 'trace', trace: 'a.csv', over: '1m' }, maxInFlight: 5 }

const ended = { exitCode: 0, loadStartedAt: 0, loadEndedAt: 60_000, refused: [], timelineFinished: false }

const playing = (load: object, outcome: 'completed' | 'failed' = 'completed') =>
  playOut({
    scenario: Scenario.parse({ name: 'x', summary: 'x', load: { ...load, workload: 'chat' }, timeline: {} }),
    load: {
      timelineFinished: new Promise(() => {}),
      finished: Promise.resolve({ ...ended, outcome, message: 'it crashed' }),
    },
    watches: [],
    clock: systemClock,
    signal: new AbortController().signal,
    onWatchError: () => {},
  })

test.each([
  ['users', users, 'hold the users for longer'],
  ['arrivals', poisson, 'hold the arrivals for longer'],
  ['a trace', trace, 'replay a longer trace'],
])('a load of %s that ends before the timeline says how to lengthen it', async (_, load, hint) => {
  const { ending, endingReason } = await playing(load)
  expect(ending).toBe('stopped')
  expect(endingReason).toContain(hint)
})

test('a load that failed says why', async () => {
  expect(await playing(users, 'failed')).toEqual({ ending: 'failed', endingReason: 'k6 failed: it crashed' })
})
