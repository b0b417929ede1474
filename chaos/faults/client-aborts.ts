import { z } from 'zod'
import { defineTrafficFault } from '../traffic/traffic-fault.ts'

const DEFAULT_TOKENS = 10

const params = z
  .strictObject({
    share: z.number().gt(0).max(1).default(0.5).describe('Of the requests: their users leave'),
    afterTokens: z
      .number()
      .int()
      .positive()
      .optional()
      .describe(`After so many tokens of the answer; ${DEFAULT_TOKENS} where nothing is given`),
    afterMs: z.number().positive().max(3_600_000).optional().describe('Instead: so many milliseconds after they asked'),
  })
  .refine(({ afterTokens, afterMs }) => afterTokens === undefined || afterMs === undefined, {
    error: 'expected afterTokens or afterMs, found both',
  })

/** The gateway sees the connection close (499), and the engine is to stop generating. */
export default defineTrafficFault<z.infer<typeof params>>({
  name: 'client-aborts',
  summary: 'Users leave before their answer is whole',
  moves: ['throughput', 'queue'],
  signals: {
    moves: [{ signal: 'clients-gone', to: 'up' }],
    still: ['failed-requests', 'ready-replicas', 'restarts', 'ready-nodes'],
  },
  params,
  traffic: ({ share, afterTokens, afterMs }) => ({
    kind: 'leaving',
    share,
    cancel: afterMs === undefined ? { afterTokens: afterTokens ?? DEFAULT_TOKENS } : { afterMs },
  }),
})
