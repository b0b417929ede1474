import { z } from 'zod'
import { defineTrafficFault } from '../traffic/traffic-fault.ts'

const params = z
  .strictObject({
    factor: z
      .number()
      .gt(1)
      .max(100)
      .optional()
      .describe(
        'Times the users, or the arrivals a second, that the load has when it begins; 2 where nothing is given',
      ),
    requestsPerSecond: z
      .number()
      .positive()
      .max(100_000)
      .optional()
      .describe(
        'Instead: so many requests a second on top. Ten users are kept ready for each; where an answer takes longer than 10 s, the rate is not reached',
      ),
  })
  .refine(({ factor, requestsPerSecond }) => factor === undefined || requestsPerSecond === undefined, {
    error: 'expected factor or requestsPerSecond, found both',
  })

/** The extra users wait in k6 from the start of the load: it makes none while it runs. */
export default defineTrafficFault<z.infer<typeof params>>({
  name: 'load-surge',
  summary: 'More users come at once, or more requests a second',
  moves: ['queue', 'latency', 'cache', 'throughput', 'gpu'],
  // A fleet that is full answers no more a second than before: its engines work on more.
  signals: {
    moves: [{ signal: 'requests-running', to: 'up' }],
    still: ['prompt-tokens', 'output-tokens', 'ready-replicas', 'restarts', 'ready-nodes'],
  },
  shows: [
    { signal: 'request-rate', to: 'up' },
    { signal: 'requests-running', to: 'up' },
    { signal: 'requests-waiting', to: 'up' },
  ],
  params,
  traffic: ({ factor, requestsPerSecond }) => ({
    kind: 'surge',
    factor: requestsPerSecond === undefined ? (factor ?? 2) : null,
    perSecond: requestsPerSecond ?? null,
  }),
})
