import { defineFlagFault } from '../flags/flag-fault.ts'

/** The classic: a timeout that is shorter than the answers. Each copy makes the others slower. */
export default defineFlagFault({
  name: 'retry-storm',
  summary: 'Sends requests again, without back-off, while their answers are not complete or where they failed',
  flag: 'retry-storm',
  variants: ['storm', 'hedged'],
  moves: ['cache', 'queue', 'latency', 'throughput'],
  signals: {
    moves: [{ signal: 'calls-per-request', to: 'up' }],
    still: ['prompt-tokens', 'output-tokens', 'ready-replicas', 'restarts', 'ready-nodes'],
  },
})
