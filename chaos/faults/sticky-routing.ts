import { defineFlagFault } from '../flags/flag-fault.ts'

/** Affinity that was meant for users or prefixes, and finds one of them: a replica works, the others idle. */
export default defineFlagFault({
  name: 'sticky-routing',
  summary: 'Routes requests by affinity to one replica in place of the least loaded',
  flag: 'sticky-routing',
  variants: ['client', 'prefix'],
  moves: ['cache', 'queue', 'latency', 'throughput'],
  signals: {
    moves: [{ signal: 'busiest-replica', to: 'up' }],
    still: ['prompt-tokens', 'output-tokens', 'ready-replicas', 'restarts', 'ready-nodes'],
  },
})
