import { z } from 'zod'
import { UserError } from './errors.ts'
import { type Load, loadPlan } from './load.ts'
import type { Scenario } from './scenario.ts'

/** What a run was multiplied by to fit a smaller target. Times are as the scenario has them, and so are the rules' thresholds. */
export const Scale = z.strictObject({
  /** Users, arrivals a second, requests under way. */
  load: z.number().positive(),
  /** Tokens of prompts and answers, to fit the model's longest context. */
  lengths: z.number().positive().max(1),
  /** Token counts of the stack's feature flags. */
  flags: z.number().positive(),
})
export type Scale = z.infer<typeof Scale>

/** The most that a target carries. */
export interface Capacity {
  users: number
  requestsPerSecond: number
}

/** What the load is to be multiplied by for a target that carries no more than this; 1 where it fits, and for a trace. */
export const factorFor = (load: Load, { users, requestsPerSecond }: Capacity): number => {
  const plan = loadPlan(load)
  if (plan.kind === 'users') return rounded(users / Math.max(...plan.stages.map(({ to }) => to)))
  if (plan.arrivals.process === 'trace') return 1
  return rounded(requestsPerSecond / Math.max(...plan.arrivals.stages.map(({ to }) => to)))
}

/** The scenario with less load, or more. Throws for a trace, whose times would have to change. */
export const scaleScenario = (scenario: Scenario, factor: number): Scenario => ({
  ...scenario,
  load: scaleLoad(scenario.load, factor),
})

/** In a few words, for verdicts and reports. */
export const describeScale = ({ load, lengths, flags }: Scale): string =>
  Object.entries({ load, 'prompt and answer lengths': lengths, "flags' token counts": flags })
    .filter(([, factor]) => factor !== 1)
    .map(([what, factor]) => `${what} × ${short(factor)}`)
    .join(', ')

/** What to know before one reads a scaled verdict. */
export const scaleWarning = (scale: Scale): string =>
  `scaled: ${describeScale(scale)}; times, and the thresholds of the rules, are not: those that count requests or tokens were made for the whole load`

// --- Internal helpers ---

/** Two digits: as people write it on the command line. */
const rounded = (factor: number): number => Math.min(1, Number(factor.toPrecision(2)))

const short = (factor: number): string => String(Number(factor.toPrecision(3)))

const scaleLoad = (load: Load, factor: number): Load => {
  const { users, arrivals, maxInFlight } = load
  const many = (count: number): number => (count === 0 ? 0 : Math.max(1, Math.round(count * factor)))
  if (arrivals?.process === 'trace') {
    if (factor === 1) return load
    throw new UserError({
      code: 'trace-not-scalable',
      message: `expected a load of users or arrivals a second to scale by ${factor}, found a trace, whose arrivals have times of their own`,
      hint: 'leave --scale out and take a part of the trace, or scale a scenario of users or arrivals',
    })
  }
  return {
    ...load,
    ...(users !== undefined && { users: { stages: users.stages.map((stage) => ({ ...stage, to: many(stage.to) })) } }),
    ...(arrivals !== undefined && {
      arrivals: { ...arrivals, stages: arrivals.stages.map((stage) => ({ ...stage, to: stage.to * factor })) },
    }),
    ...(maxInFlight !== undefined && { maxInFlight: many(maxInFlight) }),
  }
}
