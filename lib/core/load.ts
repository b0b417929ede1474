import { z } from 'zod'
import { Duration, formatDuration } from './duration.ts'
import { unreachable } from './errors.ts'

/** Virtual users follow these stages from 0; each moves linearly to `to` over `over`, as k6's ramping-vus does. */
const UserStage = z.strictObject({ to: z.number().int().nonnegative(), over: Duration })

/** Requests a second follow these stages from 0; each moves linearly to `to` over `over`, and an `over` of 0 jumps. */
const RateStage = z.strictObject({ to: z.number().nonnegative().max(1e9), over: Duration })

const rates = {
  stages: z
    .array(RateStage)
    .min(1)
    .refine((stages) => stages.some(({ over }) => over > 0), {
      error: 'expected a stage that takes some time, found none',
      abort: true,
    })
    .refine(
      (stages) => stages.some(({ to, over }, index) => over > 0 && to + (stages[index - 1]?.to ?? 0) > 0),
      'expected a stage that lasts at a rate above 0, found that no request would ever come',
    ),
}

const OnlyGamma = {
  error: ({ code, keys }: { code?: string; keys?: readonly string[] }) =>
    code === 'unrecognized_keys' && keys?.includes('burstiness') === true
      ? 'expected burstiness with the process gamma only'
      : undefined,
}

/** A schedule of requests that does not wait for answers; drawn from the scenario's seed. */
export const Arrivals = z.discriminatedUnion(
  'process',
  [
    z.strictObject({ process: z.literal('constant'), ...rates }, OnlyGamma),
    z.strictObject({ process: z.literal('poisson'), ...rates }, OnlyGamma),
    z.strictObject({
      process: z.literal('gamma'),
      burstiness: z
        .number()
        .min(1e-3)
        .max(1e3)
        .describe('The shape of the gamma distribution: 1 is Poisson, below 1 comes in bursts'),
      ...rates,
    }),
    z.strictObject({
      process: z.literal('trace'),
      trace: z.string().min(1).describe('A file of arrivals; a relative path counts from the scenario’s file'),
      speed: z.number().positive().max(1e6).default(1).describe('2 replays it in half the time'),
      over: Duration.optional().describe('Ends the replay after this long; the whole trace where it is not given'),
    }),
  ],
  { error: 'expected process to be constant, poisson, gamma or trace' },
)
export type Arrivals = z.infer<typeof Arrivals>

/** What users were promised. Latencies are theirs: they count from when the request was meant to be sent. */
export const Slo = z
  .strictObject({ ttft: Duration.optional(), tpot: Duration.optional(), e2e: Duration.optional() })
  .refine((slo) => Object.values(slo).some((bound) => bound !== undefined), {
    error: 'expected at least one of ttft, tpot and e2e, found none: leave slo out where nothing is promised',
  })
  .meta({ minProperties: 1 })
export type Slo = z.infer<typeof Slo>

export const Load = z
  .strictObject({
    users: z
      .strictObject({ stages: z.array(UserStage).min(1) })
      .optional()
      .describe('Closed loop: each user waits for the answer, thinks, and asks again'),
    arrivals: Arrivals.optional().describe('Open loop: requests come when the schedule says, answered or not'),
    maxInFlight: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('With arrivals: the most requests under way at once, each a virtual user of k6; more arrive late'),
    maxLag: Duration.optional().describe(
      'With arrivals: how late 99 % of them may be sent (50ms where it is not given); a load that is later was not delivered',
    ),
    workload: z.string().describe('A file in scenarios/workloads'),
    slo: Slo.optional().describe('Instead of the workload’s own: requests that keep all of it count as goodput'),
  })
  .superRefine((load, context) => {
    const problem = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (load.users === undefined && load.arrivals === undefined)
      problem('users', 'expected users or arrivals, found neither')
    if (load.users !== undefined && load.arrivals !== undefined)
      problem('arrivals', 'expected users or arrivals, found both')
    if (load.arrivals !== undefined && load.maxInFlight === undefined)
      problem('maxInFlight', 'expected how many requests may be under way at once, found nothing')
    for (const key of ['maxInFlight', 'maxLag'] as const) {
      if (load.arrivals === undefined && load.users !== undefined && load[key] !== undefined)
        problem(key, 'expected it beside arrivals only, found users, who ask when they are ready')
    }
  })
export type Load = z.infer<typeof Load>

export const DEFAULT_MAX_LAG_MS = 50

/** A load as exactly one of the two kinds that it can be. */
export type LoadPlan =
  | { kind: 'users'; stages: { to: number; over: number }[] }
  | { kind: 'arrivals'; arrivals: Arrivals; maxInFlight: number; maxLag: number }

export const loadPlan = ({ users, arrivals, maxInFlight, maxLag = DEFAULT_MAX_LAG_MS }: Load): LoadPlan => {
  if (users !== undefined) return { kind: 'users', stages: users.stages }
  if (arrivals !== undefined && maxInFlight !== undefined) return { kind: 'arrivals', arrivals, maxInFlight, maxLag }
  throw new Error('a load that was not checked')
}

/** Milliseconds from the zero of the load to its end; null for a trace whose length nobody has looked up. */
export const loadDuration = (load: LoadPlan): number | null => {
  switch (load.kind) {
    case 'users':
      return total(load.stages)
    case 'arrivals':
      return load.arrivals.process === 'trace' ? (load.arrivals.over ?? null) : total(load.arrivals.stages)
    default:
      return unreachable(load)
  }
}

/** The most virtual users that k6 has for it. */
export const mostUsers = (load: LoadPlan): number => {
  switch (load.kind) {
    case 'users':
      return Math.max(...load.stages.map(({ to }) => to))
    case 'arrivals':
      return load.maxInFlight
    default:
      return unreachable(load)
  }
}

/** In a few characters, for a table: `1000 users`, `poisson 200/s`. */
export const shortLoad = (load: LoadPlan): string => {
  if (load.kind === 'users') return `${mostUsers(load)} users`
  const { arrivals } = load
  return arrivals.process === 'trace'
    ? `trace ×${arrivals.speed}`
    : `${arrivals.process} ${Math.max(...arrivals.stages.map(({ to }) => to))}/s`
}

/** In a sentence, for a plan. */
export const describeLoad = (load: LoadPlan): string => {
  const staged = (stages: readonly { to: number; over: number }[], unit: string): string =>
    stages.map(({ to, over }) => `${to} ${unit} over ${formatDuration(over)}`).join(', ')
  if (load.kind === 'users') return staged(load.stages, 'users')
  const { arrivals, maxInFlight, maxLag } = load
  const bounds = `at most ${maxInFlight} under way, at most ${formatDuration(maxLag)} late`
  if (arrivals.process === 'trace') {
    const over = arrivals.over === undefined ? '' : ` for ${formatDuration(arrivals.over)}`
    return `replay of ${arrivals.trace} at speed ${arrivals.speed}${over}; ${bounds}`
  }
  const process = arrivals.process === 'gamma' ? `gamma (burstiness ${arrivals.burstiness})` : arrivals.process
  return `${process} arrivals: ${staged(arrivals.stages, 'requests/s')}; ${bounds}`
}

// --- Words for the load, so that it reads as a plan ---

type Stage = { to: number; over: string }
type Staged<Fields> = Fields & {
  stages: Stage[]
  to(target: number, over: string): Staged<Fields>
  hold(over: string): Staged<Fields>
}

const staged = <Fields extends object>(fields: Fields, list: Stage[]): Staged<Fields> => {
  const to = (target: number, over: string): Staged<Fields> => staged(fields, [...list, { to: target, over }])
  const hold = (over: string): Staged<Fields> => to(list.at(-1)?.to ?? 0, over)
  // Not enumerable: the schema is strict, and these words are not part of the data.
  return Object.defineProperties(
    { ...fields, stages: list },
    { to: { value: to }, hold: { value: hold } },
  ) as Staged<Fields>
}

/** `ramp().to(1_000, '60s').hold('5m')`: virtual users from 0. */
export const ramp = (): Staged<object> => staged({}, [])

interface Requests {
  (process: 'constant' | 'poisson'): Staged<{ process: 'constant' | 'poisson' }>
  (process: 'gamma', options: { burstiness: number }): Staged<{ process: 'gamma'; burstiness: number }>
}

/** `requests('poisson').to(200, '10s').hold('60s')`: requests a second from 0. */
export const requests: Requests = (process: 'constant' | 'poisson' | 'gamma', options?: { burstiness: number }) =>
  staged({ process, ...options }, []) as never // the overloads say which has what

/** `replay('trace.csv', { speed: 2 })`: requests when a trace had them. */
export const replay = (trace: string, options: { speed?: number; over?: string } = {}) => ({
  process: 'trace' as const,
  trace,
  ...options,
})

// --- Internal helpers ---

const total = (stages: readonly { over: number }[]): number => stages.reduce((sum, { over }) => sum + over, 0)
