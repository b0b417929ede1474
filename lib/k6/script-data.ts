import type { FaultSpec } from '../core/fault-resource.ts'
import { deriveSeed } from '../core/random.ts'
import type { Scenario, Step } from '../core/scenario.ts'
import type { Workload } from '../core/workload.ts'

/** A step of the timeline as the script needs it: everything of the Fault but its target. */
export interface ScriptStep {
  name: string
  when: Step['when']
  spec: Omit<FaultSpec, 'target'>
}

/** What the bundle carries of the scenario. Durations are milliseconds. The target comes from the environment. */
export interface ScriptData {
  scenario: string
  seed: number
  stages: { to: number; over: number }[]
  workload: Workload
  steps: ScriptStep[]
}

export const scriptData = (scenario: Scenario, workload: Workload, seed: number): ScriptData => ({
  scenario: scenario.name,
  seed,
  stages: scenario.load.users.stages,
  workload,
  steps: Object.entries(scenario.timeline).map(([name, step]) => ({
    name,
    when: step.when,
    spec: {
      kind: step.fault,
      params: step.params,
      durationSeconds: step.lasting / 1_000,
      seed: deriveSeed(seed, name),
      maxUnavailable: scenario.safety.maxUnavailable,
    },
  })),
})

/** Milliseconds from the first user to the end of the last stage. */
export const loadDuration = (stages: ScriptData['stages']): number => stages.reduce((sum, { over }) => sum + over, 0)
