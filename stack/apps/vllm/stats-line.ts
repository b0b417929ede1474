import type { Engine } from '../../../lib/vllm/engine/types.ts'
import type { EngineMetrics } from '../../../lib/vllm/metrics/engine-metrics.ts'
import type { Log } from './log.ts'

/** vLLM's VLLM_LOG_STATS_INTERVAL. */
const INTERVAL_MS = 10_000

/** vLLM's line of throughput and load every ten seconds, once more when it falls idle, and then none. Returns what stops it. */
export const logStats = (log: Log, metrics: EngineMetrics, engine: Engine): (() => void) => {
  let before = metrics.totals()
  let preemptionsBefore = 0
  let wasIdle = true
  const timer = setInterval(() => {
    const totals = metrics.totals()
    const { running, waiting, kvCacheUsage, prefixCacheQueries, prefixCacheHits, preemptions } = engine.stats()
    const perSecond = (now: number, then: number): string => ((now - then) / (INTERVAL_MS / 1_000)).toFixed(1)
    const prompt = perSecond(totals.promptTokens, before.promptTokens)
    const generation = perSecond(totals.generationTokens, before.generationTokens)
    before = totals
    const preempted = preemptions - preemptionsBefore
    preemptionsBefore = preemptions
    // By what it did, not by what it holds: a hung engine's line is silent, too.
    const idle = prompt === '0.0' && generation === '0.0'
    if (idle && wasIdle) return
    wasIdle = idle
    const hitRate = prefixCacheQueries === 0 ? 0 : (prefixCacheHits / prefixCacheQueries) * 100
    log.line(
      'APIServer',
      'INFO',
      'loggers.py:335',
      `Engine 000: Avg prompt throughput: ${prompt} tokens/s, Avg generation throughput: ${generation} tokens/s, ` +
        `Running: ${running} reqs, Waiting: ${waiting} reqs, ${preempted > 0 ? `Preemptions: ${preempted}, ` : ''}GPU KV cache usage: ${(kvCacheUsage * 100).toFixed(1)}%, ` +
        `Prefix cache hit rate: ${hitRate.toFixed(1)}%`,
    )
  }, INTERVAL_MS)
  return () => clearInterval(timer)
}
