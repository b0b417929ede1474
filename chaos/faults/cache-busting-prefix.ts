import { defineFlagFault } from '../flags/flag-fault.ts'

/** A time stamp in the system prompt: few tokens more, and no block of a prompt is ever found in the cache. */
export default defineFlagFault({
  name: 'cache-busting-prefix',
  summary: 'Puts a time stamp and a request id in front of every prompt, so that no two share a prefix',
  flag: 'cache-busting-prefix',
  variants: ['on'],
  moves: ['cache', 'queue', 'latency', 'throughput'],
  signals: {
    moves: [{ signal: 'prefix-hit-rate', to: 'down' }],
    still: ['output-tokens', 'ready-replicas', 'restarts', 'ready-nodes'],
  },
})
