import { describe, expect, test } from 'vitest'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { at, ramp, replay, requests, Scenario, type ScenarioInput } from '../core/scenario.ts'
import { extraUsers, trafficProblems } from './extra-users.ts'

const users: ScenarioInput['load'] = { users: ramp().to(200, '5s').to(50, '1m'), workload: 'chat' }
const open: ScenarioInput['load'] = { arrivals: requests('poisson').to(20, '1m'), maxInFlight: 90, workload: 'chat' }
const traced: ScenarioInput['load'] = { arrivals: replay('a.csv', { over: '1m' }), maxInFlight: 90, workload: 'chat' }

const scenario = (load: ScenarioInput['load'], ...params: Record<string, unknown>[]) =>
  Scenario.parse({
    name: 'x',
    summary: 'x',
    load,
    timeline: {
      kill: at('10s').fault('pod-kill').lasting('5s'),
      ...Object.fromEntries(
        params.map((own, index) => [
          `s${index}`,
          at(`${20 + 10 * index}s`)
            .fault('load-surge', own)
            .lasting('5s'),
        ]),
      ),
    },
  })

describe('virtual users that are kept ready', () => {
  test.each([
    ['none without a surge', users, [], 0],
    ['as many as a factor adds to the most users', users, [{ factor: 2.5 }], 300],
    ['the default factor', users, [{}], 200],
    ['as many as a factor adds to what may be under way', open, [{ factor: 3 }], 180],
    ['ten for each request a second', traced, [{ requestsPerSecond: 7 }], 70],
    ['for the largest, where they come one after the other', users, [{ factor: 2 }, { factor: 4 }, {}], 600],
  ] as const)('%s', (_, load, params, expected) => {
    expect(extraUsers(scenario(load, ...params), faults)).toBe(expected)
  })

  test('for all of them, where some may overlap', () => {
    const both = scenario(users, { factor: 2 }, { factor: 4 })
    const { s0, ...others } = both.timeline
    if (s0 === undefined) throw new Error('no step')
    const overlapping = { ...both, timeline: { ...others, s0: { ...s0, overlaps: ['s1'] } } }
    expect(extraUsers(overlapping, faults)).toBe(800)
  })
})

test('a factor of a trace’s rate is refused, since nobody knows that ahead', () => {
  expect(trafficProblems(scenario(traced, { requestsPerSecond: 7 }), faults)).toEqual([])
  expect(trafficProblems(scenario(traced, { factor: 2 }), faults)).toEqual([
    expect.stringMatching(/expected requestsPerSecond.*found a factor[^]*in timeline\.s0\.params/),
  ])
})
