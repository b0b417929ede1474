import { z } from 'zod'

/**
 * One line of journal.jsonl. `invoke` is written and flushed before the act it announces, so that a crash leaves
 * a trace of what may have happened; `ok` and `fail` close it; `info` is an observation, or an end nobody knows
 * (Jepsen's word for indeterminate).
 */
export const Event = z.strictObject({
  seq: z.number().int().nonnegative(),
  /** Milliseconds on the monotonic clock of the writer, from its start. */
  mono: z.number(),
  /** Milliseconds since the epoch. */
  wall: z.number(),
  actor: z.string(),
  phase: z.enum(['invoke', 'ok', 'fail', 'info']),
  what: z.string(),
  value: z.unknown().optional(),
})

export type Event = z.infer<typeof Event>
