import { z } from 'zod'
import { Symptom } from './symptom.ts'

/** An alerting rule in force, as Prometheus reports it (`/api/v1/rules?type=alert`), with the symptom it speaks of. */
export const AlertRule = z.strictObject({
  alert: z.string(),
  group: z.string(),
  file: z.string(),
  expr: z.string(),
  forMs: z.number(),
  keepFiringForMs: z.number(),
  /** The group's evaluation interval. */
  intervalMs: z.number(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  /** From the rule's `symptom` label or the map file; null where neither names one. */
  symptom: Symptom.nullable(),
  /** `ok`, `err` or `unknown`, with the last error: a broken rule can never be right or wrong. */
  health: z.string(),
  lastError: z.string(),
  /** Milliseconds since the epoch of one evaluation: every other is a whole number of intervals away. */
  evaluatedAt: z.number(),
  /** Range windows in the expression (`[5m]`), the widest; 0 where there is none. */
  windowMs: z.number(),
  /** Metric names the expression reads, those inside `absent()` left out. */
  metrics: z.array(z.string()),
})
export type AlertRule = z.infer<typeof AlertRule>
