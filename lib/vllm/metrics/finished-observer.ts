import type { EngineRequest } from '../engine/types.ts'
import type { Distribution } from './metric-set.ts'
import type { VersionSet } from './version-set.ts'

/** A request for `n` sequences: its own histograms move when the last of them finishes (vLLM's ParentRequest). */
export interface Parent {
  n: number
  /** How many have not finished. */
  open: number
  /** Tokens of the longest one so far. */
  longest: number
}

/** Per-request histograms, which move only when a request finishes. */
export const finishedObserver = (
  { histogram, has }: VersionSet,
  parentOf: (request: EngineRequest) => Parent | undefined = () => undefined,
): ((request: EngineRequest, endedAt: number) => void) => {
  const exposed = <Of>(families: readonly Observed<Of>[]) =>
    families
      .filter(([name]) => has(name))
      .map(([name, valueOf]): [Distribution, typeof valueOf] => [histogram(name), valueOf])
  const observed = exposed(OF_REQUEST)
  const observedOfParent = exposed(OF_PARENT)
  return (request, endedAt) => {
    for (const [distribution, valueOf] of observed) distribution.observe(valueOf(request, endedAt))
    if (observedOfParent.length === 0) return
    const parent = parentOf(request) ?? { n: 1, open: 1, longest: 0 }
    parent.longest = Math.max(parent.longest, request.outputTokens)
    if (--parent.open > 0) return
    for (const [distribution, valueOf] of observedOfParent) distribution.observe(valueOf(parent, endedAt))
  }
}

// --- Internal helpers ---

/** A family's name without `vllm:`, and what it observes; a version has some of them. */
type Observed<Of> = readonly [name: string, valueOf: (of: Of, endedAt: number) => number]

const SECOND = 1_000

const inQueue = ({ scheduledAt, queuedAt }: EngineRequest): number => (scheduledAt - queuedAt) / SECOND
const perToken = ({ outputTokens, firstTokenAt, lastTokenAt }: EngineRequest): number =>
  outputTokens > 1 ? (lastTokenAt - firstTokenAt) / (outputTokens - 1) / SECOND : 0

const OF_REQUEST: readonly Observed<EngineRequest>[] = [
  ['request_prompt_tokens', ({ prompt }) => prompt.length],
  ['request_generation_tokens', ({ outputTokens }) => outputTokens],
  ['request_params_max_tokens', ({ maxTokens }) => maxTokens],
  ['request_time_per_output_token_seconds', perToken],
  ['e2e_request_latency_seconds', ({ arrivedAt }, endedAt) => (endedAt - arrivedAt) / SECOND],
  ['request_queue_time_seconds', inQueue],
  ['time_in_queue_requests', inQueue],
  ['request_inference_time_seconds', ({ lastTokenAt, scheduledAt }) => (lastTokenAt - scheduledAt) / SECOND],
  ['request_prefill_time_seconds', ({ firstTokenAt, scheduledAt }) => (firstTokenAt - scheduledAt) / SECOND],
  ['request_decode_time_seconds', ({ lastTokenAt, firstTokenAt }) => (lastTokenAt - firstTokenAt) / SECOND],
  ['request_num_preemptions', ({ preemptions }) => preemptions],
  ['request_prefill_kv_computed_tokens', ({ prompt, cachedTokens }) => prompt.length - cachedTokens],
]

const OF_PARENT: readonly Observed<Parent>[] = [
  ['request_max_num_generation_tokens', ({ longest }) => longest],
  ['request_params_n', ({ n }) => n],
  ['request_params_best_of', ({ n }) => n],
]
