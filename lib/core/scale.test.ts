import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import quick from '../../scenarios/quick.ts'
import openLoop from '../../scenarios/open-loop.ts'
import { loadDuration, loadPlan, replay } from './load.ts'
import { describeScale, factorFor, scaleScenario, scaleWarning } from './scale.ts'
import { Scenario } from './scenario.ts'

const users = Scenario.parse(quick)
const arrivals = Scenario.parse(openLoop)
const trace = Scenario.parse({ ...openLoop, load: { arrivals: replay('t.csv'), maxInFlight: 10, workload: 'chat' } })

describe('a scaled scenario', () => {
  test('has a share of the users, and of nothing else', () => {
    const scaled = scaleScenario(users, 0.05)
    expect(scaled.load.users?.stages.map(({ to }) => to)).toEqual([50, 50])
    expect({ ...scaled, load: null }).toEqual({ ...users, load: null })
  })

  test('has a share of the arrivals, and of the places for them', () => {
    const { load } = scaleScenario(arrivals, 0.5)
    expect(loadPlan(load)).toMatchObject({
      kind: 'arrivals',
      maxInFlight: 150,
      arrivals: { stages: [{ to: 4 }, { to: 4 }] },
    })
  })

  test('is as long as it was, is a scenario, and has users where there were some', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(users, arrivals),
        fc.double({ min: 1e-4, max: 10, noNaN: true }),
        (scenario, factor) => {
          const scaled = Scenario.parse(scaleScenario(scenario, factor))
          expect(loadDuration(loadPlan(scaled.load))).toBe(loadDuration(loadPlan(scenario.load)))
          for (const { to } of scaled.load.users?.stages ?? []) expect(to).toBeGreaterThan(0)
        },
      ),
    )
  })

  test('is none of a trace, whose arrivals have their times', () => {
    expect(() => scaleScenario(trace, 0.5)).toThrow(/found a trace/)
    expect(scaleScenario(trace, 1)).toEqual(trace)
  })
})

test.each([
  [users, 0.05],
  [arrivals, 0.5],
  [trace, 1],
])('the factor is what a target of 50 users or 4 requests a second carries', (scenario, factor) => {
  expect(factorFor(scenario.load, { users: 50, requestsPerSecond: 4 })).toBe(factor)
})

test('a scenario that fits is not made bigger', () => {
  expect(factorFor(users.load, { users: 5_000, requestsPerSecond: 4 })).toBe(1)
})

test('it says what was scaled, and that thresholds were not', () => {
  expect(describeScale({ load: 0.05, lengths: 1, flags: 0.2 })).toBe("load × 0.05, flags' token counts × 0.2")
  expect(describeScale({ load: 1, lengths: 1 / 3, flags: 1 })).toBe('prompt and answer lengths × 0.333')
  expect(scaleWarning({ load: 0.05, lengths: 1, flags: 1 })).toMatch(/^scaled: load × 0.05; times, and the thresholds/)
})
