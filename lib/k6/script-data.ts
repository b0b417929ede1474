import type { ArrivalsOptions, Slo as ClientSlo } from 'k6/x/llm'
import { unreachable } from '../core/errors.ts'
import type { FaultSpec } from '../core/fault-resource.ts'
import { type Arrivals, loadDuration, loadPlan, type Slo } from '../core/load.ts'
import { mayOverlap } from '../core/overlap.ts'
import { deriveSeed } from '../core/random.ts'
import type { Scenario, Step } from '../core/scenario.ts'
import type { Workload } from '../core/workload.ts'
import { LEAD_MS } from './lead.ts'

/** A condition is asked for from a time of the load on, and by another it must have held. */
export type ScriptWhen =
  Exclude<Step['when'], { kind: 'when' }> | { kind: 'when'; promql: string; heldFor: number; from: number; by: number }

/** A step of the timeline as the script needs it: everything of the Fault but its target. */
export interface ScriptStep {
  name: string
  when: ScriptWhen
  /** Steps whose faults may be in force at the same time, whichever of the two says so. */
  overlaps: string[]
  spec: Omit<FaultSpec, 'target'>
}

/** Closed loop, or a schedule and as many virtual users as may wait for answers at once. */
export type ScriptLoad =
  | { kind: 'users'; stages: { to: number; over: number }[] }
  | { kind: 'arrivals'; schedule: ArrivalsOptions; maxInFlight: number }

/** What the bundle carries of the scenario. Durations are milliseconds. The target comes from the environment. */
export interface ScriptData {
  scenario: string
  seed: number
  load: ScriptLoad
  /** From the zero of the timeline to the end of the load. */
  durationMs: number
  slo: ClientSlo | null
  workload: Workload
  steps: ScriptStep[]
  /** Virtual users that are kept ready for surges. */
  extraUsers: number
}

export const scriptData = (scenario: Scenario, workload: Workload, seed: number, extraUsers = 0): ScriptData => {
  const plan = loadPlan(scenario.load)
  const durationMs = loadDuration(plan)
  if (durationMs === null) throw new Error('a trace whose length nobody has looked up')
  return {
    scenario: scenario.name,
    seed,
    load:
      plan.kind === 'users'
        ? plan
        : { kind: 'arrivals', schedule: schedule(plan.arrivals, seed), maxInFlight: plan.maxInFlight },
    durationMs,
    slo: promised(scenario.load.slo ?? workload.slo),
    workload,
    steps: Object.entries(scenario.timeline).map(([name, step]) => ({
      name,
      when: scriptWhen(step, scenario.baseline, durationMs),
      overlaps: Object.keys(scenario.timeline).filter((other) => mayOverlap(scenario.timeline, name, other)),
      spec: {
        kind: step.fault,
        params: step.params,
        durationSeconds: step.lasting / 1_000,
        seed: deriveSeed(seed, name),
        maxUnavailable: scenario.safety.maxUnavailable,
      },
    })),
    extraUsers,
  }
}

// --- Internal helpers ---

const scriptWhen = ({ when, lasting }: Step, baseline: number, durationMs: number): ScriptWhen => {
  if (when.kind !== 'when') return when
  return { ...when, from: baseline, by: when.by ?? Math.max(0, durationMs - lasting) }
}

const promised = (slo: Slo | undefined): ClientSlo | null => {
  if (slo === undefined) return null
  const { ttft, tpot, e2e } = slo
  return {
    ...(ttft === undefined ? {} : { ttft }),
    ...(tpot === undefined ? {} : { tpot }),
    ...(e2e === undefined ? {} : { e2e }),
  }
}

const schedule = (arrivals: Arrivals, seed: number): ArrivalsOptions => {
  const drawn = deriveSeed(seed, 'arrivals')
  switch (arrivals.process) {
    case 'constant':
    case 'poisson':
      return { lead: LEAD_MS, seed: drawn, process: arrivals.process, stages: arrivals.stages }
    case 'gamma':
      return { lead: LEAD_MS, seed: drawn, process: 'gamma', burstiness: arrivals.burstiness, stages: arrivals.stages }
    case 'trace':
      return {
        lead: LEAD_MS,
        trace: arrivals.trace,
        speed: arrivals.speed,
        ...(arrivals.over === undefined ? {} : { over: arrivals.over }),
      }
    default:
      return unreachable(arrivals)
  }
}
