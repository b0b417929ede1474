import { z } from 'zod'
import { Duration } from './duration.ts'

/** Token counts drawn uniformly from [min, max]; published distributions come with the workloads of load generation. */
const Tokens = z.strictObject({ min: z.number().int().positive(), max: z.number().int().positive() })

/** What one virtual user does, over and over: think, ask, read the stream to its end. */
export const Workload = z.strictObject({
  name: z.string(),
  summary: z.string(),
  endpoint: z.enum(['chat', 'completions']),
  /** Tokens that all users share at the front of the prompt (a system prompt): what the prefix cache can save. */
  sharedPromptTokens: z.number().int().nonnegative(),
  /** Tokens of the user's own. */
  promptTokens: Tokens,
  outputTokens: Tokens,
  thinkTime: z.strictObject({ min: Duration, max: Duration }),
  requestTimeout: Duration,
})

export type Workload = z.infer<typeof Workload>

export const defineWorkload = (workload: z.input<typeof Workload>): z.input<typeof Workload> => workload
