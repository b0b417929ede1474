import { z } from 'zod'

/** One process of the cluster. */
export const PartSpec = z.strictObject({
  /** Also the name of its log: logs/NAME.log. */
  name: z.string(),
  command: z.array(z.string()).min(1),
  /** Above the environment that every part has. */
  env: z.record(z.string(), z.string()).default({}),
})
export type PartSpec = z.infer<typeof PartSpec>

/** All that the supervisor is told: it decides nothing about the cluster, it runs it. Paths are absolute. */
export const SupervisorPlan = z.strictObject({
  clusterId: z.string(),
  /** Held for as long as the cluster runs. */
  networkLock: z.string(),
  logs: z.string(),
  infoFile: z.string(),
  failureFile: z.string(),
  /** Written to `infoFile` once the cluster is ready. */
  info: z.record(z.string(), z.unknown()),
  api: z.strictObject({ url: z.string(), caFile: z.string(), certFile: z.string(), keyFile: z.string() }),
  /** Started at once. */
  first: z.array(PartSpec),
  /** Started when the API is ready. */
  next: z.array(PartSpec),
  /** Started with them; stopped before all others. */
  agent: PartSpec,
})
export type SupervisorPlan = z.infer<typeof SupervisorPlan>

export const STEPS = ['api', 'controllers', 'nodes'] as const

/** The reason of a start that may be tried again: somebody else claimed the network in between. */
export const NETWORK_TAKEN = 'lost its pod network'

/** Why a cluster did not start, or is down. */
export const ClusterFailure = z.strictObject({
  part: z.string(),
  /** `exited with code 1`, `killed by SIGKILL`, `not ready after 60 s`. */
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
  z.strictObject({ type: z.literal('reached'), step: z.enum(STEPS) }),
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('failed'), failure: ClusterFailure }),
])
export type SupervisorMessage = z.infer<typeof SupervisorMessage>
