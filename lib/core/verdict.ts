import { z } from 'zod'
import { Slo } from './load.ts'
import { Scale } from './scale.ts'
import { Symptom } from './symptom.ts'

/** Never the other way round: what cannot be judged is not a pass. */
export const Outcome = z.enum(['pass', 'fail', 'unknown'])
export type Outcome = z.infer<typeof Outcome>

/**
 * What one alert did about one fault (alerting reference, section 3).
 * `quiet` is an alert of an expected symptom that another alert answered for, or that nothing asked of.
 */
export const VERDICT_CLASSES = {
  'on-time': 'pass',
  quiet: 'pass',
  tolerated: 'pass',
  late: 'fail',
  early: 'fail',
  missed: 'fail',
  'false-fire': 'fail',
  contaminated: 'unknown',
  'fault-ineffective': 'unknown',
  'no-data': 'unknown',
  'broken-rule': 'unknown',
  'impossible-by-design': 'unknown',
} as const satisfies Record<string, Outcome>

export const VerdictClass = z.enum(Object.keys(VERDICT_CLASSES) as [keyof typeof VERDICT_CLASSES])
export type VerdictClass = z.infer<typeof VerdictClass>

/** Milliseconds since the epoch. */
const Interval = z.strictObject({ from: z.number(), to: z.number() })

export const VerdictLine = z.strictObject({
  /** A step of the timeline; null for the baseline and for time between faults. */
  step: z.string().nullable(),
  alert: z.string(),
  symptom: Symptom.nullable(),
  class: VerdictClass,
  outcome: Outcome,
  /** When the step's fault was injected, which the times below are read from; null for no step, or none injected. */
  injectedAt: z.number().nullable(),
  /** From earliest to latest, by the physics; null where nothing was expected. */
  expected: Interval.nullable(),
  seen: z
    .strictObject({
      pendingAt: z.number().nullable(),
      firedAt: z.number().nullable(),
      resolvedAt: z.number().nullable(),
      /** When Alertmanager's webhook arrived. */
      notifiedAt: z.number().nullable(),
      episodes: z.number().int(),
    })
    .nullable(),
  reason: z.string(),
  evidence: z.array(z.strictObject({ file: z.string(), from: z.number(), to: z.number() })),
})
export type VerdictLine = z.infer<typeof VerdictLine>

/** One question that the scenario asks: was this step's symptom (or any of several) alerted? `quiet` asks it of everything else. */
export const Answer = z.strictObject({
  step: z.string().nullable(),
  question: z.string(),
  outcome: Outcome,
  /** The alert that answered, where one did. */
  alert: z.string().nullable(),
  /** From the fault's injection to the firing. */
  timeToDetectMs: z.number().nullable(),
  reason: z.string(),
})
export type Answer = z.infer<typeof Answer>

/** Milliseconds, rounded to what the client can tell apart, and at least its error; null where no request got that far. */
const Percentiles = z.strictObject({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable()
export type Percentiles = z.infer<typeof Percentiles>

const count = z.number().int().nonnegative()

/** Requests that kept the promise, of all that were scheduled. */
const Kept = { good: count, of: count }

export const Goodput = z.strictObject({
  slo: Slo,
  ...Kept,
  /** Of these, cut off by the end of the run before anybody could say; not among the good. */
  undecided: count,
  /** Before the first fault, while any was in force, and the time between and after. */
  phases: z.array(z.strictObject({ phase: z.enum(['before', 'during', 'after']), ...Kept })),
})
export type Goodput = z.infer<typeof Goodput>

/** What was asked of k6, and what it did of it. */
export const Offered = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('users'),
    planned: count,
    /** Virtual users active through the whole hold: k6's gauge, and distinct users in the request records. */
    gauge: z.number().nullable(),
    recorded: z.number().nullable(),
    droppedIterations: z.number().nullable(),
  }),
  z.strictObject({
    kind: z.literal('arrivals'),
    /** Whose time came while the load was on; null where nobody counted. */
    scheduled: count.nullable(),
    /** Of these: taken up by a virtual user, and sent. */
    claimed: count.nullable(),
    started: count,
    /** From when they were wanted to when they were sent. */
    lag: z.strictObject({ p50: z.number(), p99: z.number(), max: z.number() }).nullable(),
    maxLagMs: z.number(),
    maxInFlight: count,
  }),
])
export type Offered = z.infer<typeof Offered>

export const LoadDelivery = z.strictObject({
  delivered: z.boolean(),
  reason: z.string(),
  /** Null where the scenario is lost. */
  offered: Offered.nullable(),
  requests: count,
  failedRequests: count,
  /** Requests by how they ended, the most frequent first. */
  outcomes: z.record(z.string(), count),
  inFlight: z.strictObject({ p50: z.number(), max: z.number() }).nullable(),
  /** Null where nothing was promised. */
  goodput: Goodput.nullable(),
  /** From the written request to the first event, the first choice, the first content (TTFT) and the first answer. */
  firstEvent: Percentiles,
  firstChoice: Percentiles,
  ttft: Percentiles,
  firstAnswer: Percentiles,
  /** From when the request was wanted (open loop) or asked for to the first content: what users wait. */
  wait: Percentiles,
  tpot: Percentiles,
  /** Of all gaps between two content events of all requests. */
  gap: Percentiles,
  /** From when it was wanted or asked for to its end; requests that ended well. */
  e2e: Percentiles,
  /** p99 of the client's own error on the machine that ran it, in milliseconds; null where it was not calibrated. */
  clientError: z
    .strictObject({ ttft: z.number(), wait: z.number(), gap: z.number(), streams: z.number().int() })
    .nullable(),
  /** What is wrong with the calibration's file; null where nothing is, or where there is none. */
  calibrationDamage: z.string().nullable(),
  /** Whether prompts had exactly the lengths that were drawn, and how they came by them; null where k6 did not get to tell. */
  prompts: z.strictObject({ exact: z.boolean(), note: z.string() }).nullable(),
})
export type LoadDelivery = z.infer<typeof LoadDelivery>

export const Verdict = z.strictObject({
  schema: z.literal(1),
  run: z.string(),
  scenario: z.string(),
  /** True where the engine, the GPU or the load were emulated. */
  synthetic: z.boolean(),
  /** True where nothing ran: it was played on simulated time. */
  simulated: z.boolean(),
  /** What the load was multiplied by, which no threshold of a rule was; null where the scenario was played as it is written. */
  scale: Scale.nullable().default(null),
  outcome: Outcome,
  reasons: z.array(z.string()),
  /** Faults that the run left in the target: `fault-name (phase Active)`. Every command that judges a run exits with 3 for them. */
  unhealed: z.array(z.string()),
  /** What could not be checked for lack of evidence, where the outcome rests on something else. */
  unchecked: z.array(z.string()),
  load: LoadDelivery,
  answers: z.array(Answer),
  lines: z.array(VerdictLine),
})
export type Verdict = z.infer<typeof Verdict>
