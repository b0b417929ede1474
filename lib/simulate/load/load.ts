import { unreachable, UserError } from '../../core/errors.ts'
import { loadPlan } from '../../core/load.ts'
import { type ArrivalCount, TIMELINE_USERS } from '../../core/run-folder.ts'
import type { Scenario } from '../../core/scenario.ts'
import type { Workload } from '../../core/workload.ts'
import { scriptData } from '../../k6/script-data.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Fleet } from '../fleet.ts'
import { drawArrivals } from './arrivals.ts'
import { createClient } from './client.ts'
import { startOpenLoop } from './open-loop.ts'
import { createPressing, type Pressing } from './pressing.ts'
import type { RequestLog } from './request-log.ts'
import { type RunningLoad, startUsers } from './users.ts'
import type { LoadContext } from './virtual-user.ts'

export interface LoadInput {
  clock: Clockwork
  fleet: Fleet
  scenario: Scenario
  workload: Workload
  seed: number
  runId: string
  /** Virtual users that k6 would keep ready for surges. */
  extraUsers: number
  log: Pick<RequestLog, 'add'>
}

export interface SimulatedLoad extends Pressing {
  stop(): void
  /** Of an open loop. */
  arrivals(): ArrivalCount | null
}

/** k6's remote write, as a run configures it. */
const PUSH_MS = 2_000

/** The scenario's load, from now on. */
export const startLoad = (input: LoadInput): SimulatedLoad => {
  const { clock, fleet, workload, seed, runId, extraUsers, log } = input
  const client = createClient({ clock, gateway: fleet.gateway, workload, log })
  let count = 0
  const context: LoadContext = {
    clock,
    client,
    prompts: fleet.prompts,
    workload,
    seed,
    pressures: () => pressing.all(),
    nonce: () => count++,
    surge: null,
  }
  const pressing = createPressing(context, scriptData(input.scenario, workload, seed, extraUsers))
  const { load, arrivals } = begin(input, context)
  let isStopped = false
  const push = (): void => {
    if (isStopped) return
    fleet.write('k6_vus', { run: runId }, load.users() + TIMELINE_USERS + extraUsers)
    fleet.write('k6_llm_in_flight', { run: runId, scenario: 'load' }, client.inFlight())
    clock.after(PUSH_MS, push)
  }
  push()
  return {
    arrivals,
    press: pressing.press,
    release: pressing.release,
    stop: () => {
      isStopped = true
      pressing.stop()
      load.stop()
      client.stop()
    },
  }
}

// --- Internal helpers ---

const begin = (
  { clock, scenario, seed }: LoadInput,
  context: LoadContext,
): { load: RunningLoad; arrivals(): ArrivalCount | null } => {
  const plan = loadPlan(scenario.load)
  switch (plan.kind) {
    case 'users':
      return { load: startUsers(context, plan.stages, clock.now()), arrivals: () => null }
    case 'arrivals': {
      if (plan.arrivals.process === 'trace') throw noTraces()
      const loop = startOpenLoop(context, drawArrivals(plan.arrivals, seed), plan.maxInFlight, clock.now())
      return { load: loop, arrivals: loop.count }
    }
    default:
      return unreachable(plan)
  }
}

const noTraces = (): UserError =>
  new UserError({
    code: 'trace-not-simulated',
    message: 'expected users or a constant, poisson or gamma process, found a replayed trace, which is not simulated',
    hint: 'run this scenario on a cluster: firedrill run',
  })
