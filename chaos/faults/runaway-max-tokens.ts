import { defineFlagFault } from '../flags/flag-fault.ts'

/** The first of the long answers ends minutes later: what shows at once is that none of them ends. */
export default defineFlagFault({
  name: 'runaway-max-tokens',
  summary: 'Makes every answer run to thousands of tokens',
  flag: 'runaway-max-tokens',
  variants: ['on'],
  moves: ['cache', 'queue', 'latency', 'throughput'],
  signals: {
    moves: [{ signal: 'requests-running', to: 'up' }],
    still: ['prompt-tokens', 'ready-replicas', 'restarts', 'ready-nodes'],
  },
})
