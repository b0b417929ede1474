import { expect, test } from 'vitest'
import chat from '../../scenarios/workloads/chat.ts'
import { replay } from '../core/load.ts'
import { Scenario } from '../core/scenario.ts'
import { Workload } from '../core/workload.ts'
import { scriptData } from './script-data.ts'

test('a replay ends where the scenario says: what comes later is neither due nor sent', () => {
  const load = { arrivals: replay('/a.csv', { speed: 2, over: '3s' }), maxInFlight: 4, workload: 'chat' }
  const scenario = Scenario.parse({ name: 't', summary: 's', load, timeline: {} })
  const data = scriptData(scenario, Workload.parse(chat), 1)
  expect(data.durationMs).toBe(3_000)
  expect(data.load).toMatchObject({ schedule: { trace: '/a.csv', speed: 2, over: 3_000 } })
})
