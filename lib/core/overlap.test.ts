import { expect, test } from 'vitest'
import { mayOverlap, overlapProblems } from './overlap.ts'
import { after, at, defineScenario, PlayableScenario, Scenario, type ScenarioInput, when } from './scenario.ts'

const scenario = (timeline: ScenarioInput['timeline']) =>
  PlayableScenario.safeParse(
    defineScenario({
      name: 'x',
      summary: 'x',
      load: { users: { stages: [{ to: 1, over: '5m' }] }, workload: 'chat' },
      timeline,
    }),
  )

test('steps at times that are known to be in force together are refused, and told which', () => {
  const { error } = scenario({
    first: at('10s').fault('pod-kill').lasting('30s'),
    second: at('39s').fault('pod-kill').lasting('5s'),
    third: at('44s').fault('pod-kill').lasting('5s'),
  })
  expect(error?.issues).toHaveLength(1)
  expect(error?.issues[0]).toMatchObject({
    path: ['timeline', 'second'],
    message:
      'expected steps one after the other, found "second" (39s…44s) while "first" (10s…40s) is in force; where that is meant, give it overlaps: ["first"]',
  })
})

test('the form alone does not ask for it: run folders from before it was refused are still read', () => {
  const step = { when: { kind: 'at', time: 10_000 }, fault: 'pod-kill', lasting: 30_000 }
  const old = {
    name: 'x',
    summary: 'x',
    load: { users: { stages: [{ to: 1, over: 300_000 }] }, workload: 'chat' },
    timeline: { first: step, second: step },
  }
  expect(PlayableScenario.safeParse(old).success).toBe(false)
  expect(Object.keys(Scenario.parse(old).timeline)).toEqual(['first', 'second'])
})

test('either of two steps may say that they overlap', () => {
  const first = at('10s').fault('pod-kill').lasting('30s')
  const second = at('20s').fault('pod-kill').lasting('5s')
  expect(scenario({ first, second: second.overlapping('first') }).success).toBe(true)
  const parsed = Scenario.parse(scenario({ first: first.overlapping('second'), second }).data)
  expect(mayOverlap(parsed.timeline, 'first', 'second')).toBe(true)
  expect(mayOverlap(parsed.timeline, 'second', 'first')).toBe(true)
  expect(mayOverlap(parsed.timeline, 'first', 'first')).toBe(false)
})

test('of steps that follow others or wait for a condition nobody knows the times', () => {
  const timeline = {
    first: at('10s').fault('pod-kill').lasting('30s'),
    second: after('first', '0s').fault('pod-kill').lasting('30s'),
    third: when('up == 0').heldFor('10s').by('2m').fault('pod-kill').lasting('30s'),
  }
  const { data } = scenario(timeline)
  expect(overlapProblems(data?.timeline ?? {})).toEqual([])
  expect(data?.timeline['third']).toEqual({
    when: { kind: 'when', promql: 'up == 0', heldFor: 10_000, by: 120_000 },
    fault: 'pod-kill',
    params: {},
    lasting: 30_000,
    overlaps: [],
  })
})

test('a condition that could never be true in time is refused', () => {
  const by = (time: string) =>
    scenario({ one: when('up == 0').heldFor('10s').by(time).fault('pod-kill').lasting('9s') })
  expect(by('31s').success).toBe(true)
  expect(by('30s').error?.issues).toMatchObject([
    {
      path: ['timeline', 'one', 'when', 'by'],
      message: expect.stringContaining('expected a time after 30s, the end of the baseline'),
    },
  ])
})

test('only other steps can be overlapped', () => {
  const step = at('10s').fault('pod-kill').lasting('30s')
  const { error } = scenario({ first: step.overlapping('first', 'nobody') })
  expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([
    'timeline.first.overlaps.0',
    'timeline.first.overlaps.1',
  ])
})
