import { z } from 'zod'

/** Why a cluster did not start, or is down. */
export const ClusterFailure = z.strictObject({
  part: z.string(),
  /** `exited with code 1`, `killed by SIGKILL`, `was not ready after 60 s`. */
  reason: z.string(),
  /** The last lines of the part's log. */
  log: z.array(z.string()),
  /** Milliseconds since the epoch. */
  at: z.number(),
})
export type ClusterFailure = z.infer<typeof ClusterFailure>

/** From the supervisor to whoever started it, over the IPC channel, until the cluster is ready or has failed. */
export const SupervisorMessage = z.discriminatedUnion('type', [
  /** The pod network's lock may be let go: the supervisor waits for it. */
  z.strictObject({ type: z.literal('started') }),
  z.strictObject({ type: z.literal('reached'), step: z.enum(['api', 'controllers', 'nodes']) }),
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('failed'), failure: ClusterFailure }),
])
export type SupervisorMessage = z.infer<typeof SupervisorMessage>
