import type { VersionSet } from './version-set.ts'

/** What the engine before V1 derived itself, where rules now derive it from counters. */
export interface OldGauges {
  /** After each step: tokens and prompt blocks so far, `endedAt` in milliseconds. */
  update(totals: OldTotals, endedAt: number): void
}

export interface OldTotals {
  promptTokens: number
  generationTokens: number
  queriedBlocks: number
  hitBlocks: number
}

/** vLLM's _LOCAL_LOGGING_INTERVAL_SEC: throughputs are of the time since the last update, at least this long ago. */
const INTERVAL_MS = 5_000

/** Null for a version that has none of them. */
export const oldGauges = (set: VersionSet, enablePrefixCaching: boolean, now: () => number): OldGauges | null => {
  if (!FAMILIES.some(set.has)) return null
  const hitRate = set.scalar('gpu_prefix_cache_hit_rate')
  const cpuHitRate = set.scalar('cpu_prefix_cache_hit_rate')
  const promptThroughput = set.scalar('avg_prompt_throughput_toks_per_s')
  const generationThroughput = set.scalar('avg_generation_throughput_toks_per_s')
  const lora = set.has('lora_requests_info') ? set.scalar('lora_requests_info', NO_LORA) : null
  // Without prefix caching the rate is told as -1.
  hitRate.value = enablePrefixCaching ? 0 : -1
  cpuHitRate.value = enablePrefixCaching ? 0 : -1
  let last: { at: number; promptTokens: number; generationTokens: number } | null = null
  return {
    update: ({ promptTokens, generationTokens, queriedBlocks, hitBlocks }, endedAt) => {
      if (enablePrefixCaching && queriedBlocks > 0) hitRate.value = hitBlocks / queriedBlocks
      if (lora !== null) lora.value = now()
      last ??= { at: endedAt, promptTokens: 0, generationTokens: 0 }
      const seconds = (endedAt - last.at) / 1_000
      if (endedAt - last.at <= INTERVAL_MS) return
      promptThroughput.value = (promptTokens - last.promptTokens) / seconds
      generationThroughput.value = (generationTokens - last.generationTokens) / seconds
      last = { at: endedAt, promptTokens, generationTokens }
    },
  }
}

// --- Internal helpers ---

const FAMILIES = [
  'gpu_prefix_cache_hit_rate',
  'cpu_prefix_cache_hit_rate',
  'avg_prompt_throughput_toks_per_s',
  'avg_generation_throughput_toks_per_s',
  'lora_requests_info',
]
const NO_LORA = { max_lora: '0', running_lora_adapters: '', waiting_lora_adapters: '' }
