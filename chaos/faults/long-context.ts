import { z } from 'zod'
import { defineTrafficFault } from '../traffic/traffic-fault.ts'

const params = z.strictObject({
  factor: z.number().min(1).max(1_000).default(1).describe("Times the tokens of the user's own part of the prompt"),
  tokens: z
    .number()
    .int()
    .nonnegative()
    .default(1_000)
    .describe('And so many more; what the model cannot take it refuses'),
  share: z.number().gt(0).max(1).default(1).describe('Of the requests'),
})

/** Documents where questions were: the KV cache fills, and prefill takes the time that decoding had. */
export default defineTrafficFault<z.infer<typeof params>>({
  name: 'long-context',
  summary: 'Users send longer prompts',
  moves: ['cache', 'queue', 'latency', 'throughput'],
  signals: {
    moves: [{ signal: 'prompt-tokens', to: 'up' }],
    still: ['output-tokens', 'ready-replicas', 'restarts', 'ready-nodes'],
  },
  params,
  traffic: ({ factor, tokens, share }) => ({ kind: 'longer-prompts', factor, tokens, share }),
})
