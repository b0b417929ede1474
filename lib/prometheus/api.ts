import { z } from 'zod'

// The parts of Prometheus' HTTP API that firedrill reads (web/api/v1). Unknown fields are Prometheus' own business.

const Labels = z.record(z.string(), z.string())

const SPECIAL: Record<string, number> = {
  NaN: Number.NaN,
  '+Inf': Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
}

/** `[1435781430.781, "1"]` to [milliseconds, value]. */
const Sample = z
  .tuple([z.number(), z.string()])
  .transform(([seconds, text]): [number, number] => [Math.round(seconds * 1_000), SPECIAL[text] ?? Number(text)])

export const QueryResult = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: Labels, value: Sample })) }),
  z.object({ resultType: z.literal('matrix'), result: z.array(z.object({ metric: Labels, values: z.array(Sample) })) }),
  z.object({ resultType: z.literal('scalar'), result: Sample }),
  z.object({ resultType: z.literal('string'), result: z.unknown() }),
])
export type QueryResult = z.infer<typeof QueryResult>

/** Go's zero time is "never". */
const Time = z.string().transform((text) => (text.startsWith('0001-') ? null : Date.parse(text)))

const ActiveAlert = z.object({
  labels: Labels,
  annotations: Labels,
  state: z.string(),
  activeAt: Time.optional(),
})

const AlertingRule = z.object({
  type: z.literal('alerting'),
  name: z.string(),
  query: z.string(),
  /** Seconds. */
  duration: z.number(),
  keepFiringFor: z.number().default(0),
  labels: Labels.default({}),
  annotations: Labels.default({}),
  health: z.string(),
  lastError: z.string().default(''),
  lastEvaluation: Time,
  state: z.string(),
  alerts: z.array(ActiveAlert).default([]),
})
export type AlertingRule = z.infer<typeof AlertingRule>

const RuleGroup = z.object({
  name: z.string(),
  file: z.string(),
  /** Seconds. */
  interval: z.number(),
  lastEvaluation: Time,
  rules: z.array(AlertingRule),
})
export type RuleGroup = z.infer<typeof RuleGroup>

export const RuleGroups = z.object({ groups: z.array(RuleGroup) })

export const Alerts = z.object({ alerts: z.array(ActiveAlert) })
export type ActiveAlert = z.infer<typeof ActiveAlert>

export const Targets = z.object({
  activeTargets: z.array(
    z.object({
      labels: Labels,
      scrapePool: z.string(),
      scrapeUrl: z.string(),
      health: z.string(),
      lastError: z.string(),
      lastScrape: Time,
      scrapeInterval: z.string(),
    }),
  ),
})

export const Config = z.object({ yaml: z.string() })
export const Flags = z.record(z.string(), z.string())
export const BuildInfo = z.object({ version: z.string(), revision: z.string(), goVersion: z.string() })
export const SeriesList = z.array(Labels)
export const Names = z.array(z.string())
export const Metadata = z.record(
  z.string(),
  z.array(z.object({ type: z.string(), help: z.string(), unit: z.string() })),
)

/** Every answer's envelope. */
export const Envelope = z.discriminatedUnion('status', [
  z.object({ status: z.literal('success'), data: z.unknown() }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
])
