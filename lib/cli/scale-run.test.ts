import { expect, test } from 'vitest'
import quick from '../../scenarios/quick.ts'
import smoke from '../../scenarios/smoke.ts'
import chat from '../../scenarios/workloads/chat.ts'
import { loadPlan, mostUsers } from '../core/load.ts'
import { Scenario } from '../core/scenario.ts'
import { Workload } from '../core/workload.ts'
import { scaleRun } from './scale-run.ts'

const loaded = { scenario: Scenario.parse(quick), workload: Workload.parse(chat) }
const limits = { carries: { users: 50, requestsPerSecond: 4 }, flagTokens: 0.2 }

const outcome = (...[from, asked, engine]: Parameters<typeof scaleRun>) => {
  const { scenario, scale } = scaleRun(from, asked, engine)
  return { users: mostUsers(loadPlan(scenario.load)), scale }
}

test('a run is as it is written, unless somebody asks for another or the engine carries less', () => {
  expect(outcome(loaded, undefined, undefined)).toEqual({ users: 1_000, scale: undefined })
  expect(outcome(loaded, 0.1, undefined)).toEqual({ users: 100, scale: { load: 0.1, lengths: 1, flags: 1 } })
  expect(outcome(loaded, undefined, limits)).toEqual({ users: 50, scale: { load: 0.05, lengths: 1, flags: 0.2 } })
  expect(outcome(loaded, 0.03, limits)).toEqual({ users: 30, scale: { load: 0.03, lengths: 1, flags: 0.2 } })
})

test('a scenario that fits is labelled all the same where the flags are not those that it means', () => {
  const small = { ...loaded, scenario: Scenario.parse(smoke) }
  expect(outcome(small, undefined, limits)).toEqual({ users: 50, scale: { load: 1, lengths: 1, flags: 0.2 } })
})
