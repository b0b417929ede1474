import type { EngineRequest } from '../engine/types.ts'
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
  { histogram }: VersionSet,
  parentOf: (request: EngineRequest) => Parent | undefined = () => undefined,
): ((request: EngineRequest, endedAt: number) => void) => {
  const promptTokens = histogram('request_prompt_tokens')
  const generationTokens = histogram('request_generation_tokens')
  const maxGeneration = histogram('request_max_num_generation_tokens')
  const paramsN = histogram('request_params_n')
  const paramsBestOf = histogram('request_params_best_of')
  const paramsMaxTokens = histogram('request_params_max_tokens')
  const perToken = histogram('request_time_per_output_token_seconds')
  const e2e = histogram('e2e_request_latency_seconds')
  const queue = histogram('request_queue_time_seconds')
  const inQueue = histogram('time_in_queue_requests')
  const inference = histogram('request_inference_time_seconds')
  const prefill = histogram('request_prefill_time_seconds')
  const decode = histogram('request_decode_time_seconds')
  const preemptions = histogram('request_num_preemptions')
  const computed = histogram('request_prefill_kv_computed_tokens')
  return (request, endedAt) => {
    const { outputTokens, firstTokenAt, lastTokenAt, scheduledAt } = request
    promptTokens.observe(request.prompt.length)
    generationTokens.observe(outputTokens)
    const parent = parentOf(request) ?? { n: 1, open: 1, longest: 0 }
    parent.longest = Math.max(parent.longest, outputTokens)
    if (--parent.open === 0) {
      maxGeneration.observe(parent.longest)
      paramsN.observe(parent.n)
      paramsBestOf.observe(parent.n)
    }
    paramsMaxTokens.observe(request.maxTokens)
    perToken.observe(outputTokens > 1 ? (lastTokenAt - firstTokenAt) / (outputTokens - 1) / SECOND : 0)
    e2e.observe((endedAt - request.arrivedAt) / SECOND)
    queue.observe((scheduledAt - request.queuedAt) / SECOND)
    inQueue.observe((scheduledAt - request.queuedAt) / SECOND)
    inference.observe((lastTokenAt - scheduledAt) / SECOND)
    prefill.observe((firstTokenAt - scheduledAt) / SECOND)
    decode.observe((lastTokenAt - firstTokenAt) / SECOND)
    preemptions.observe(request.preemptions)
    computed.observe(request.prompt.length - request.cachedTokens)
  }
}

// --- Internal helpers ---

const SECOND = 1_000
