import { describe, expect, test } from 'vitest'
import type { ScriptLoad } from './script-data.ts'
import { surgeOf } from './surge.ts'

const users: ScriptLoad = {
  kind: 'users',
  stages: [
    { to: 100, over: 10_000 },
    { to: 100, over: 60_000 },
  ],
}
const gamma: ScriptLoad = {
  kind: 'arrivals',
  maxInFlight: 10,
  schedule: {
    seed: 1,
    process: 'gamma',
    burstiness: 0.5,
    stages: [
      { to: 20, over: 0 },
      { to: 20, over: 60_000 },
    ],
  },
}
const trace: ScriptLoad = { kind: 'arrivals', maxInFlight: 10, schedule: { trace: 'a.csv' } }

const factor = (times: number) => ({ kind: 'surge' as const, factor: times, perSecond: null })
const perSecond = (rate: number) => ({ kind: 'surge' as const, factor: null, perSecond: rate })

describe('what a surge adds', () => {
  test.each([
    ['users, as many as there are by then', users, factor(3), 5_000, { users: 100 }],
    ['no more users than were kept ready', users, factor(100), 30_000, { users: 500 }],
    ['nobody where there is nobody yet', users, factor(2), 0, null],
    ['requests of their own to users', users, perSecond(5), 0, { rate: 5, process: 'poisson' }],
    [
      'requests by the process of the schedule',
      gamma,
      factor(1.5),
      1_000,
      { rate: 10, process: 'gamma', burstiness: 0.5 },
    ],
    ['requests to a trace', trace, perSecond(5), 0, { rate: 5, process: 'poisson' }],
    ['nothing to a trace of which nobody knows the rate', trace, factor(2), 0, null],
  ] as const)('%s', (_, load, traffic, at, expected) => {
    expect(surgeOf({ load, traffic, at, extraUsers: 500 })).toEqual(expected)
  })
})
