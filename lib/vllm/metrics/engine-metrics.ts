import type { EngineRequest, EngineStats, FinishReason, StepOutcome } from '../engine/types.ts'
import { ENGINE_FAMILIES } from './engine-families.ts'
import { createMetricSet, type Distribution, type Labels, type SampleVisitor, type Scalar } from './metric-set.ts'

export interface EngineMetrics {
  /** After each step, with the engine's stats at its end: gauges move here and nowhere else, as in vLLM. */
  record(outcome: StepOutcome, stats: EngineStats): void
  /** A request that a queue limit refused. */
  reject(reason: 'max_num_queued_reqs' | 'max_num_queued_tokens'): void
  /** Requests that a shutdown ended: unlike a client's abort, these are counted. */
  abortedByEngine(requests: readonly EngineRequest[]): void
  /** Cumulative tokens, for the log line. */
  totals(): { promptTokens: number; generationTokens: number }
  render(): string
  /** The same samples as numbers. */
  visit(visitor: SampleVisitor): void
}

export interface EngineMetricsOptions {
  modelName: string
  maxModelLen: number
  /** Seconds since the epoch. */
  now(): number
}

const REASONS: readonly FinishReason[] = ['stop', 'length', 'abort', 'error', 'repetition']
const SECOND = 1_000

/** vLLM's PrometheusStatLogger (vllm/v1/metrics/loggers.py) for one engine. */
export const createEngineMetrics = ({ modelName, maxModelLen, now }: EngineMetricsOptions): EngineMetrics => {
  const set = createMetricSet({ families: ENGINE_FAMILIES, maxModelLen, now })
  const base: Labels = { engine: '0', model_name: modelName }
  const scalar = (name: string, labels: Labels = {}): Scalar => set.scalar(`vllm:${name}`, { ...base, ...labels })
  const histogram = (name: string): Distribution => set.distribution(`vllm:${name}`, base)

  const metrics = {
    running: scalar('num_requests_running'),
    waiting: scalar('num_requests_waiting'),
    capacity: scalar('num_requests_waiting_by_reason', { reason: 'capacity' }),
    kvUsage: scalar('kv_cache_usage_perc'),
    queries: scalar('prefix_cache_queries_total'),
    hits: scalar('prefix_cache_hits_total'),
    preemptions: scalar('num_preemptions_total'),
    promptTokens: scalar('prompt_tokens_total'),
    computed: scalar('prompt_tokens_by_source_total', { source: 'local_compute' }),
    cacheHit: scalar('prompt_tokens_by_source_total', { source: 'local_cache_hit' }),
    cached: scalar('prompt_tokens_cached_total'),
    device: scalar('prompt_tokens_cached_by_source_total', { source: 'device' }),
    generationTokens: scalar('generation_tokens_total'),
    iterationTokens: histogram('iteration_tokens_total'),
    ttft: histogram('time_to_first_token_seconds'),
    itl: histogram('inter_token_latency_seconds'),
  }
  const success = new Map(
    REASONS.map((reason) => [reason, scalar('request_success_total', { finished_reason: reason })]),
  )
  const rejected = new Map(
    ['max_num_queued_reqs', 'max_num_queued_tokens'].map((reason) => [
      reason,
      scalar('admission_rejections_total', { reason }),
    ]),
  )
  const observeFinished = finishedObserver(histogram)
  createConstants(scalar)

  return {
    record: ({ emittedCount, firstTokens, gaps, finished, endedAt }, stats) => {
      metrics.running.value = stats.running
      metrics.waiting.value = stats.waiting
      metrics.capacity.value = stats.waiting
      metrics.kvUsage.value = stats.kvCacheUsage
      metrics.queries.value = stats.prefixCacheQueries
      metrics.hits.value = stats.prefixCacheHits
      metrics.preemptions.value = stats.preemptions
      // A step without output has no iteration stats in vLLM.
      if (emittedCount === 0) return
      let computed = 0
      for (const { prompt, cachedTokens, arrivedAt } of firstTokens) {
        computed += prompt.length - cachedTokens
        metrics.promptTokens.value += prompt.length
        metrics.cached.value += cachedTokens
        metrics.ttft.observe((endedAt - arrivedAt) / SECOND)
      }
      for (const { gapMs, count: times } of gaps) metrics.itl.observe(gapMs / SECOND, times)
      metrics.computed.value += computed
      metrics.cacheHit.value = metrics.cached.value
      metrics.device.value = metrics.cached.value
      metrics.generationTokens.value += emittedCount
      metrics.iterationTokens.observe(computed + emittedCount)
      for (const request of finished) {
        count(success.get(request.finishReason ?? 'stop'))
        observeFinished(request, endedAt)
      }
    },
    reject: (reason) => count(rejected.get(reason)),
    abortedByEngine: (requests) => {
      for (const _ of requests) count(success.get('abort'))
    },
    totals: () => ({
      promptTokens: metrics.promptTokens.value,
      generationTokens: metrics.generationTokens.value,
    }),
    render: set.render,
    visit: set.visit,
  }
}

// --- Internal helpers ---

const count = (counter: Scalar | undefined): void => {
  if (counter !== undefined) counter.value++
}

/** Per-request histograms move only when a request finishes. */
const finishedObserver = (
  histogram: (name: string) => Distribution,
): ((request: EngineRequest, endedAt: number) => void) => {
  const promptTokens = histogram('request_prompt_tokens')
  const generationTokens = histogram('request_generation_tokens')
  const maxGeneration = histogram('request_max_num_generation_tokens')
  const paramsN = histogram('request_params_n')
  const paramsMaxTokens = histogram('request_params_max_tokens')
  const perToken = histogram('request_time_per_output_token_seconds')
  const e2e = histogram('e2e_request_latency_seconds')
  const queue = histogram('request_queue_time_seconds')
  const inference = histogram('request_inference_time_seconds')
  const prefill = histogram('request_prefill_time_seconds')
  const decode = histogram('request_decode_time_seconds')
  const preemptions = histogram('request_num_preemptions')
  const computed = histogram('request_prefill_kv_computed_tokens')
  return (request, endedAt) => {
    const { outputTokens, firstTokenAt, lastTokenAt, scheduledAt } = request
    promptTokens.observe(request.prompt.length)
    generationTokens.observe(outputTokens)
    maxGeneration.observe(outputTokens)
    paramsN.observe(1)
    paramsMaxTokens.observe(request.maxTokens)
    perToken.observe(outputTokens > 1 ? (lastTokenAt - firstTokenAt) / (outputTokens - 1) / SECOND : 0)
    e2e.observe((endedAt - request.arrivedAt) / SECOND)
    queue.observe((scheduledAt - request.queuedAt) / SECOND)
    inference.observe((lastTokenAt - scheduledAt) / SECOND)
    prefill.observe((firstTokenAt - scheduledAt) / SECOND)
    decode.observe((lastTokenAt - firstTokenAt) / SECOND)
    preemptions.observe(request.preemptions)
    computed.observe(request.prompt.length - request.cachedTokens)
  }
}

/** Families that this engine never moves, but every vLLM exposes. */
const createConstants = (scalar: (name: string, labels?: Labels) => Scalar): void => {
  for (const what of ['flops', 'read_bytes', 'write_bytes']) scalar(`estimated_${what}_per_gpu_total`)
  scalar('num_requests_waiting_by_reason', { reason: 'deferred' })
  scalar('engine_sleep_state', { sleep_state: 'awake' }).value = 1
  scalar('engine_sleep_state', { sleep_state: 'weights_offloaded' })
  scalar('engine_sleep_state', { sleep_state: 'discard_all' })
  for (const cache of ['external_prefix_cache', 'mm_cache']) {
    scalar(`${cache}_queries_total`)
    scalar(`${cache}_hits_total`)
  }
  scalar('prompt_tokens_by_source_total', { source: 'external_kv_transfer' })
  for (const source of ['host', 'p2p', 'disk', 'external_unspecified']) {
    scalar('prompt_tokens_cached_by_source_total', { source })
  }
}
