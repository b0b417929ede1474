import type { FaultRegistry } from '../core/fault.ts'
import { loadPlan } from '../core/load.ts'
import type { Scenario } from '../core/scenario.ts'
import { type Traffic, trafficRefusal, usersFor } from '../core/traffic.ts'

/** Virtual users that k6 has to keep ready for the surges of a timeline; enough for all at once where some may overlap. */
export const extraUsers = (scenario: Scenario, faults: FaultRegistry): number => {
  const load = loadPlan(scenario.load)
  const surges = trafficSteps(scenario, faults)
    .map(({ name, traffic }) => ({ users: usersFor(traffic, load), overlaps: scenario.timeline[name]?.overlaps ?? [] }))
    .filter(({ users }) => users > 0)
  const users = surges.map((surge) => surge.users)
  return surges.some(({ overlaps }) => overlaps.length > 0)
    ? users.reduce((sum, n) => sum + n, 0)
    : Math.max(0, ...users)
}

/** What the scenario's load cannot be pressed to, and where that stands. */
export const trafficProblems = (scenario: Scenario, faults: FaultRegistry): string[] =>
  trafficSteps(scenario, faults).flatMap(({ name, traffic }) => {
    const refusal = trafficRefusal(traffic, loadPlan(scenario.load))
    return refusal === null ? [] : [`✖ ${refusal}\n  → in timeline.${name}.params`]
  })

// --- Internal helpers ---

const trafficSteps = ({ timeline }: Scenario, faults: FaultRegistry): { name: string; traffic: Traffic }[] =>
  Object.entries(timeline).flatMap(([name, step]) => {
    const fault = Object.hasOwn(faults, step.fault) ? faults[step.fault] : undefined
    const params = fault?.params.safeParse(step.params)
    const traffic = params?.success === true ? fault?.traffic?.(params.data) : undefined
    return traffic === undefined ? [] : [{ name, traffic }]
  })
