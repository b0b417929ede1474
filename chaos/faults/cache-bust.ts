import { z } from 'zod'
import { defineTrafficFault } from '../traffic/traffic-fault.ts'

const params = z.strictObject({
  share: z.number().gt(0).max(1).default(1).describe('Of the requests: these begin as no other does'),
})

/** Prompts stay as long as they are: only what they have in common is gone. */
export default defineTrafficFault<z.infer<typeof params>>({
  name: 'cache-bust',
  summary: 'Clients send prompts that share no prefix, so that the prefix cache finds nothing',
  moves: ['cache', 'latency', 'queue', 'throughput'],
  signals: {
    moves: [{ signal: 'prefix-hit-rate', to: 'down' }],
    still: ['prompt-tokens', 'output-tokens', 'ready-replicas', 'restarts', 'ready-nodes'],
  },
  params,
  traffic: ({ share }) => ({ kind: 'unique-prefixes', share }),
})
