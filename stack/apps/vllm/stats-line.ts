import type { EngineStats } from '../../../lib/vllm/engine/types.ts'
import { createHitRate } from './hit-rate.ts'
import type { Log } from './log.ts'

/** Tokens since the start. */
export interface TokenTotals {
  promptTokens: number
  /** Those of them that the prefix cache supplied. */
  cachedPromptTokens: number
  generationTokens: number
}

export interface StatsLine {
  /** After each step. */
  observe(stats: EngineStats): void
  /** The line of what happened since the last call, `seconds` ago; null where vLLM is silent: idle now, and the time before. */
  next(totals: TokenTotals, seconds: number): string | null
}

export interface StatsLineOptions {
  /** As vLLM names the device of the KV cache. */
  device: 'GPU' | 'CPU'
  /** Since 0.16.0 what the cache supplied is no prompt throughput. */
  countsCached: boolean
}

/** vLLM's LoggingStatLogger: throughput and load, from the steps between two lines. */
export const createStatsLine = ({ device, countsCached }: StatsLineOptions): StatsLine => {
  const hitRate = createHitRate()
  let before: TokenTotals = { promptTokens: 0, cachedPromptTokens: 0, generationTokens: 0 }
  let preemptionsBefore = 0
  let wasIdle = true
  let last = { running: 0, waiting: 0, kvCacheUsage: 0, preemptions: 0 }
  return {
    observe: (stats) => {
      const { running, waiting, kvCacheUsage, preemptions } = stats
      last = { running, waiting, kvCacheUsage, preemptions }
      hitRate.observe(stats)
    },
    next: (totals, seconds) => {
      const cached = countsCached ? 0 : totals.cachedPromptTokens - before.cachedPromptTokens
      const prompt = (totals.promptTokens - before.promptTokens - cached) / seconds
      const generation = (totals.generationTokens - before.generationTokens) / seconds
      before = totals
      const preempted = last.preemptions - preemptionsBefore
      preemptionsBefore = last.preemptions
      // By what it did, not by what it holds: a hung engine's line is silent, too.
      const idle = prompt === 0 && generation === 0
      const silent = idle && wasIdle
      wasIdle = idle
      if (silent) return null
      const rate = hitRate.value()
      return [
        `Engine 000: Avg prompt throughput: ${prompt.toFixed(1)} tokens/s`,
        `Avg generation throughput: ${generation.toFixed(1)} tokens/s`,
        `Running: ${last.running} reqs`,
        `Waiting: ${last.waiting} reqs`,
        ...(preempted > 0 ? [`Preemptions: ${preempted}`] : []),
        `${device} KV cache usage: ${(last.kvCacheUsage * 100).toFixed(1)}%`,
        ...(rate === null ? [] : [`Prefix cache hit rate: ${(rate * 100).toFixed(1)}%`]),
      ].join(', ')
    },
  }
}

/** Logs a line every so many seconds (VLLM_LOG_STATS_INTERVAL). Returns what stops it. */
export const logStats = (
  log: Log,
  line: StatsLine,
  { totals, everySeconds }: { totals: () => TokenTotals; everySeconds: number },
): (() => void) => {
  let lastAt = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    const text = line.next(totals(), (now - lastAt) / 1_000)
    lastAt = now
    if (text !== null) log.line('APIServer', 'INFO', 'loggers.py:335', text)
  }, everySeconds * 1_000)
  return () => clearInterval(timer)
}
