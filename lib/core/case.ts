import { z } from 'zod'

/** One incident window with its label: what the fault record says happened, never what was planned. */
export const Case = z.strictObject({
  id: z.string(),
  /** `fault`, or `none` for a fault-free window: a false alarm must be possible to answer. */
  kind: z.enum(['fault', 'none']),
  /** Milliseconds since the epoch: the normal part before, then the incident. */
  normalFrom: z.number(),
  incidentFrom: z.number(),
  incidentTo: z.number(),
  to: z.number(),
  /** The answer: the component that was broken and how. */
  fault: z.string().nullable(),
  component: z.string().nullable(),
  bit: z.boolean(),
  synthetic: z.boolean(),
  /** True where nothing ran: it was played on simulated time. */
  simulated: z.boolean(),
})
export type Case = z.infer<typeof Case>
