import { z } from 'zod'
import { AgentConfig } from '../types.ts'

/** What the agent reads: the cluster's AgentConfig, and the kubelet's own constants where a test wants them shorter. */
export const NodeAgentConfig = AgentConfig.extend({
  /** Milliseconds. The kubelet's values are the default. */
  restartBackoff: z.strictObject({ base: z.number().positive(), max: z.number().positive() }).default({
    base: 10_000,
    max: 300_000,
  }),
  /** A container's log file is turned over once at this size. */
  logMaxBytes: z
    .number()
    .int()
    .positive()
    .default(10 * 1024 * 1024),
})
export type NodeAgentConfig = z.infer<typeof NodeAgentConfig>

export type BackoffLimits = NodeAgentConfig['restartBackoff']
