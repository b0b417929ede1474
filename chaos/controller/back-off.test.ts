import { expect, test } from 'vitest'
import { type FaultPhase, type FaultResource } from '../../lib/core/fault-resource.ts'
import { backOff } from './back-off.ts'
import { podKillFault } from './testing/step.ts'

const INJECTED = Date.parse('2026-11-22T12:00:00.000Z')

const faultIn = (phase: FaultPhase): FaultResource =>
  podKillFault(60, { phase, injected: new Date(INJECTED).toISOString() })

test.each([
  ['grows with the failures in a row', 'Active', { failures: 1, now: INJECTED }, 500],
  ['has an end', 'Active', { failures: 20, now: INJECTED }, 10_000],
  ['ends with the fault', 'Active', { failures: 20, now: INJECTED + 59_000 }, 1_000],
  ['is short once the fault is to be over', 'Active', { failures: 20, now: INJECTED + 60_000 }, 2_000],
  ['is short once somebody wants it to end', 'Active', { failures: 20, now: INJECTED, ending: true }, 2_000],
  ['is short while it heals', 'Healing', { failures: 20, now: INJECTED }, 2_000],
  ['is short where an injection broke off', 'Injecting', { failures: 20, now: INJECTED }, 2_000],
  ['knows no end of what was not begun', 'Pending', { failures: 20, now: INJECTED + 60_000 }, 10_000],
] as const)('the pause after a failure %s', (_, phase, options, ms) => {
  expect(backOff(faultIn(phase), options)).toBe(ms)
})
