import { defineFlagFault } from '../flags/flag-fault.ts'

/** Retrieval that finds too much: every prompt is longer, and nothing of it is in the prefix cache. */
export default defineFlagFault({
  name: 'prompt-growth',
  summary: 'Rolls out a prompt template that puts thousands of tokens of context in front of every prompt',
  flag: 'prompt-template',
  variants: ['v2'],
  moves: ['cache', 'queue', 'latency', 'throughput'],
  signals: {
    moves: [{ signal: 'prompt-tokens', to: 'up' }],
    still: ['output-tokens', 'ready-replicas', 'restarts', 'ready-nodes'],
  },
})
