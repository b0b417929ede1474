import type { EngineConfig, EngineRequest, EngineStats, StepOutcome } from '../engine/types.ts'
import { LATEST, type VllmVersion } from './exposed.ts'
import { finishedObserver, type Parent } from './finished-observer.ts'
import type { SampleVisitor, Scalar } from './metric-set.ts'
import { oldGauges } from './old-gauges.ts'
import { usageOfAllBlocks, valueRules } from './value-rules.ts'
import { createVersionSet } from './version-set.ts'

export interface EngineMetrics {
  /**
   * After each step, with the engine's stats at its end: gauges move here and nowhere else, as in vLLM. The stats may be the
   * engine's own object, and are read when somebody looks at the metrics, if no later step has brought others.
   */
  record(outcome: StepOutcome, stats: EngineStats): void
  /** A request that a queue limit refused. */
  reject(reason: 'max_num_queued_reqs' | 'max_num_queued_tokens'): void
  /** Requests that a shutdown ended: unlike a client's abort, these are counted. */
  abortedByEngine(requests: readonly EngineRequest[]): void
  /** 0 is paused with its memory, 1 has its weights in host memory, 2 has discarded everything; null is awake. */
  slept(level: 0 | 1 | 2 | null): void
  /** A call of a sleep-mode endpoint, and how long it took. */
  sleepOperation(operation: 'sleep' | 'wake', seconds: number): void
  /** Cumulative tokens, for the log line. */
  totals(): { promptTokens: number; cachedPromptTokens: number; generationTokens: number }
  render(): string
  /** The same samples as numbers. */
  visit(visitor: SampleVisitor): void
  /** Names of all families. */
  readonly families: readonly string[]
}

export interface EngineMetricsOptions {
  modelName: string
  config: EngineConfig
  /** Whose families, labels and buckets are exposed; the newest version's where left out. */
  vllm?: VllmVersion
  /** `--enforce-eager`, which the buckets of some versions follow. */
  enforceEager?: boolean
  /** What a sequence is one of, where its client asked for `n` of them. */
  parentOf?: (request: EngineRequest) => Parent | undefined
  /** Families that somebody reads; all of them where left out. */
  isRead?: (family: string) => boolean
  /** Seconds since the epoch. */
  now(): number
}

const SECOND = 1_000
/** The same under two names; a version has one of them, or both. */
const PER_GAP = ['inter_token_latency_seconds', 'time_per_output_token_seconds']

/** vLLM's PrometheusStatLogger (vllm/v1/metrics/loggers.py, before 0.8.0 vllm/engine/metrics.py) for one engine. */
export const createEngineMetrics = (options: EngineMetricsOptions): EngineMetrics => {
  const { modelName, config, vllm = LATEST, enforceEager = false, isRead = () => true, now } = options
  const set = createVersionSet({ modelName, config, vllm, enforceEager, isRead, now })
  const { scalar, histogram } = set
  const rules = valueRules(vllm.version)
  const metrics = {
    running: scalar('num_requests_running'),
    waiting: scalar('num_requests_waiting'),
    capacity: scalar('num_requests_waiting_by_reason', { reason: 'capacity' }),
    kvUsage: scalar('kv_cache_usage_perc'),
    gpuUsage: scalar('gpu_cache_usage_perc'),
    queries: scalar('prefix_cache_queries_total'),
    hits: scalar('prefix_cache_hits_total'),
    gpuQueries: scalar('gpu_prefix_cache_queries_total'),
    gpuHits: scalar('gpu_prefix_cache_hits_total'),
    preemptions: scalar('num_preemptions_total'),
    promptTokens: scalar('prompt_tokens_total'),
    computed: scalar('prompt_tokens_by_source_total', { source: 'local_compute' }),
    cacheHit: scalar('prompt_tokens_by_source_total', { source: 'local_cache_hit' }),
    cached: scalar('prompt_tokens_cached_total'),
    recomputed: scalar('prompt_tokens_recomputed_total'),
    device: scalar('prompt_tokens_cached_by_source_total', { source: 'device' }),
    generationTokens: scalar('generation_tokens_total'),
    iterationTokens: histogram('iteration_tokens_total'),
    ttft: histogram('time_to_first_token_seconds'),
    rejected: {
      max_num_queued_reqs: scalar('admission_rejections_total', { reason: 'max_num_queued_reqs' }),
      max_num_queued_tokens: scalar('admission_rejections_total', { reason: 'max_num_queued_tokens' }),
    },
  }
  const reasons = new Map<string, Scalar>()
  const success = (reason: string): Scalar => {
    const known = reasons.get(reason)
    if (known !== undefined) return known
    const counter = scalar('request_success_total', { finished_reason: reason })
    reasons.set(reason, counter)
    return counter
  }
  const observeFinished = finishedObserver(set, options.parentOf)
  const perGap = PER_GAP.filter(set.has).map((name) => histogram(name))
  const old = oldGauges(set, config.enablePrefixCaching, now)
  scalar('engine_sleep_state', { sleep_state: 'awake' }).value = 1
  const totals = {
    promptTokens: 0,
    cachedTokens: 0,
    recomputedTokens: 0,
    generationTokens: 0,
    queriedBlocks: 0,
    hitBlocks: 0,
  }
  const countsBlocks = rules.prefixCacheInBlocks || old !== null
  /** As of the last step's end: shown once somebody looks, for there are more steps than looks. */
  let unseen: EngineStats | null = null

  const settle = (): void => {
    if (unseen === null) return
    setGauges(unseen)
    setCounters()
    unseen = null
  }
  const setGauges = (stats: EngineStats): void => {
    const { numGpuBlocks } = config
    metrics.running.value = stats.running
    metrics.waiting.value = stats.waiting
    metrics.capacity.value = stats.waiting
    const usage = rules.usageOfAllBlocks ? usageOfAllBlocks(stats.kvCacheUsage, numGpuBlocks) : stats.kvCacheUsage
    metrics.kvUsage.value = usage
    metrics.gpuUsage.value = usage
    metrics.queries.value = stats.prefixCacheQueries
    metrics.hits.value = stats.prefixCacheHits
    metrics.device.value = stats.prefixCacheHits
    metrics.gpuQueries.value = rules.prefixCacheInBlocks ? totals.queriedBlocks : stats.prefixCacheQueries
    metrics.gpuHits.value = rules.prefixCacheInBlocks ? totals.hitBlocks : stats.prefixCacheHits
    metrics.preemptions.value = stats.preemptions
  }
  const setCounters = (): void => {
    const { promptTokens, cachedTokens, recomputedTokens, generationTokens } = totals
    metrics.promptTokens.value = promptTokens
    metrics.cached.value = cachedTokens
    metrics.recomputed.value = recomputedTokens
    metrics.cacheHit.value = cachedTokens + recomputedTokens
    metrics.computed.value = promptTokens - cachedTokens
    metrics.generationTokens.value = generationTokens
  }

  /** Returns the prompt tokens that count as work of this step. */
  const recordFirstTokens = (firstTokens: readonly EngineRequest[], endedAt: number): number => {
    let prompt = 0
    let cached = 0
    for (const request of firstTokens) {
      const { cachedTokens, arrivedAt } = request
      const { length } = request.prompt
      prompt += length
      cached += cachedTokens
      metrics.ttft.observe((endedAt - arrivedAt) / SECOND)
      if (rules.lastTokenRecomputed && cachedTokens + 1 === length) totals.recomputedTokens++
      if (!countsBlocks) continue
      if (config.enablePrefixCaching) totals.queriedBlocks += Math.floor(length / config.blockSize)
      totals.hitBlocks += cachedTokens / config.blockSize
    }
    totals.promptTokens += prompt
    totals.cachedTokens += cached
    return rules.iterationCountsCached ? prompt : prompt - cached
  }

  return {
    record: (outcome, stats) => {
      const { emittedCount, firstTokens, gaps, finished, aborted, endedAt } = outcome
      for (const _ of aborted) success('abort').value++
      // A step without output has no iteration stats in vLLM.
      if (emittedCount > 0) {
        const promptTokens = firstTokens.length === 0 ? 0 : recordFirstTokens(firstTokens, endedAt)
        for (const { gapMs, count } of gaps) {
          for (const distribution of perGap) distribution.observe(gapMs / SECOND, count)
        }
        totals.generationTokens += emittedCount
        metrics.iterationTokens.observe(promptTokens + emittedCount)
        for (const request of finished) {
          success(request.finishReason ?? 'stop').value++
          observeFinished(request, endedAt)
        }
      }
      unseen = stats
      old?.update(totals, endedAt)
    },
    reject: (reason) => {
      metrics.rejected[reason].value++
    },
    abortedByEngine: (requests) => {
      for (const _ of requests) success('abort').value++
    },
    slept: (level) => {
      const states = { awake: level === null, weights_offloaded: level === 1, discard_all: level === 2 }
      for (const [state, is] of Object.entries(states)) {
        scalar('engine_sleep_state', { sleep_state: state }).value = Number(is)
      }
    },
    sleepOperation: (operation, seconds) => {
      histogram('sleep_mode_operation_duration_seconds', { operation }).observe(seconds)
      scalar('sleep_mode_operations_in_flight', { operation })
    },
    totals: () => ({
      promptTokens: totals.promptTokens,
      cachedPromptTokens: totals.cachedTokens,
      generationTokens: totals.generationTokens,
    }),
    render: () => {
      settle()
      return set.render()
    },
    visit: (visitor) => {
      settle()
      set.visit(visitor)
    },
    families: set.families,
  }
}
