import type { Pressure } from '../../k6/pressure.ts'
import type { ScriptData } from '../../k6/script-data.ts'
import { type Surge, surgeOf, surgeSeed } from '../../k6/surge.ts'
import { drawArrivals } from './arrivals.ts'
import { startOpenLoop } from './open-loop.ts'
import type { RunningLoad } from './users.ts'
import { type LoadContext, startClosedLoopUser } from './virtual-user.ts'

/** What traffic faults do to the load, as k6's timeline has its users do it. */
export interface Pressing {
  /** Until it is released, or its time is over. */
  press(pressure: Pressure, durationMs: number): void
  release(step: string): void
}

/** Beyond the numbers of all users of a load. */
const EXTRA_VUS = 1_000_000

export const createPressing = (
  context: LoadContext,
  data: ScriptData,
): Pressing & { all(): readonly Pressure[]; stop(): void } => {
  const { clock } = context
  const startedAt = clock.now()
  let all: readonly Pressure[] = []
  const surges = new Map<string, Pick<RunningLoad, 'stop'>>()
  let begun = 0
  const release = (step: string): void => {
    all = all.filter((one) => one.step !== step)
    surges.get(step)?.stop()
    surges.delete(step)
  }
  return {
    all: () => all,
    press: (pressure, durationMs) => {
      const { step, traffic, seed } = pressure
      all = [...all, pressure]
      clock.after(durationMs, () => release(step))
      if (traffic.kind !== 'surge') return
      const surge = surgeOf({ load: data.load, traffic, at: clock.now() - startedAt, extraUsers: data.extraUsers })
      const own: LoadContext = {
        ...context,
        seed: surgeSeed(data.seed, step),
        surge: { step, firstVu: EXTRA_VUS * ++begun },
      }
      if (surge !== null) surges.set(step, start(own, surge, { durationMs, seed, users: data.extraUsers }))
    },
    release,
    stop: () => {
      for (const step of surges.keys()) release(step)
    },
  }
}

// --- Internal helpers ---

const start = (
  context: LoadContext,
  surge: Surge,
  { durationMs, seed, users }: { durationMs: number; seed: number; users: number },
): Pick<RunningLoad, 'stop'> => {
  if ('users' in surge) return startExtraUsers(context, surge.users)
  const { rate, process, burstiness } = surge
  const stages = [
    { to: rate, over: 0 },
    { to: rate, over: durationMs },
  ]
  const arrivals = process === 'gamma' ? { process, burstiness: burstiness ?? 1, stages } : { process, stages }
  return startOpenLoop(context, drawArrivals(arrivals, seed), users, context.clock.now())
}

const startExtraUsers = (context: LoadContext, count: number): Pick<RunningLoad, 'stop'> => {
  const users = Array.from({ length: count }, (_, vu) => startClosedLoopUser(context, vu))
  return {
    stop: () => {
      for (const user of users) user.end()
    },
  }
}
