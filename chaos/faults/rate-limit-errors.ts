import { defineFlagFault } from '../flags/flag-fault.ts'

/** Nothing is wrong with the engines, which have less to do: users see errors all the same. */
export default defineFlagFault({
  name: 'rate-limit-errors',
  summary: 'Answers requests with 429 and Retry-After, as a quota that ran out does',
  flag: 'rate-limit-errors',
  variants: ['on'],
  moves: ['availability', 'throughput'],
  signals: {
    moves: [{ signal: 'failed-requests', to: 'up' }],
    still: ['prompt-tokens', 'output-tokens', 'ready-replicas', 'restarts', 'ready-nodes'],
  },
})
