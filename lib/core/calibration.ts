import { z } from 'zod'

/** |measured − true| over many values, in milliseconds; nearest-rank percentiles. */
export const ClientError = z.strictObject({
  p50: z.number().nonnegative(),
  p99: z.number().nonnegative(),
  max: z.number().nonnegative(),
})
export type ClientError = z.infer<typeof ClientError>

/**
 * How well and at what price the client measures on one machine: it streamed from a server with a known emission
 * schedule, and what it reported is held against that server's own log of what went over the wire, and when.
 */
export const Calibration = z.strictObject({
  schema: z.literal(1),
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** The k6 that was measured: its name and the hash of its sources. */
  tool: z.string(),
  machine: z.strictObject({ cpuModel: z.string(), cores: z.number().int(), kernel: z.string(), node: z.string() }),
  load: z.strictObject({
    /** About how many were in flight. */
    streams: z.number().int(),
    seconds: z.number(),
    /** Of each request: tokens, milliseconds between two. */
    tokens: z.number().int(),
    intervalMs: z.number(),
  }),
  requests: z.number().int(),
  /** Requests that did not end well, or without all of their tokens. */
  starved: z.number().int(),
  errors: z.strictObject({
    /** Of the time from the written request to the first content. */
    ttft: ClientError,
    /** Of the same from when the schedule wanted the request: the schedule's lag and the dial are in it. */
    ttftIntended: ClientError,
    /** Of each gap between two pieces of content. */
    gap: ClientError,
    /** Of the worst gap of each request. */
    gapMax: ClientError,
  }),
  /** While the load was steady, the start-up left out. */
  eventsPerCore: z.number(),
  cpuSecondsPerMillionEvents: z.number(),
})
export type Calibration = z.infer<typeof Calibration>
