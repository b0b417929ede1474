import { expect, test } from 'vitest'
import { z } from 'zod'
import { after, at, defineScenario, ramp, Scenario } from './scenario.ts'

const scenario = defineScenario({
  name: 'two-steps',
  summary: 'for tests',
  load: { users: ramp().to(100, '10s').hold('2m'), workload: 'chat' },
  timeline: {
    first: at('20s').fault('pod-kill').lasting('10s'),
    second: after('first', '15s').fault('pod-kill').lasting('10s'),
  },
  expect: { first: { alerts: ['availability', ['queue', 'throughput']] } },
})

test('the words of the timeline are plain data, durations in milliseconds', () => {
  const parsed = Scenario.parse(scenario)
  expect(parsed.load.users?.stages).toEqual([
    { to: 100, over: 10_000 },
    { to: 100, over: 120_000 },
  ])
  expect(parsed.timeline['second']).toEqual({
    when: { kind: 'after', step: 'first', gap: 15_000 },
    fault: 'pod-kill',
    params: {},
    lasting: 10_000,
    overlaps: [],
  })
  expect(parsed.safety.maxUnavailable).toBe(1)
})

test('a parsed scenario is a scenario: it can be written down and read back', () => {
  const parsed = Scenario.parse(scenario)
  expect(Scenario.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed)
})

test('every problem is reported, with its path', () => {
  const wrong = {
    ...scenario,
    colour: 'red',
    timeline: {
      first: after('later', '5s').fault('pod-kill').lasting('soon'),
      later: at('1s').fault('x').lasting('1s'),
    },
    expect: { third: {} },
  }
  const { error } = Scenario.safeParse(wrong)
  const text = error === undefined ? '' : z.prettifyError(error)
  expect(text).toContain('Unrecognized key: "colour"')
  expect(text).toContain('expected a duration such as "90s" or "1m30s", found "soon"')
})

test('a step may only come after one that is written before it, and expectations name steps', () => {
  const wrong = {
    ...scenario,
    timeline: { first: after('later', '5s').fault('pod-kill').lasting('5s'), later: at('1s').fault('x').lasting('1s') },
    expect: { third: {} },
  }
  const paths = Scenario.safeParse(wrong).error?.issues.map(({ path }) => path.join('.'))
  expect(paths).toEqual(['timeline.first.when.step', 'expect.third'])
})
