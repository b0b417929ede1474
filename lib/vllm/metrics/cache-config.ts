import type { EngineConfig } from '../engine/types.ts'
import { CACHE_CONFIG_FIELDS } from './cache-config-fields.ts'
import { isMultiprocess, LATEST, type VllmVersion } from './exposed.ts'
import { createMetricSet, type Labels, type SampleVisitor } from './metric-set.ts'
import { numberText } from './number-text.ts'
import { isAtLeast } from './version.ts'

export interface CacheConfig {
  gpuMemoryUtilization: number
  /** Whether `--block-size` was given. */
  userSpecifiedBlockSize: boolean
  numGpuBlocksOverride: number | null
}

export interface CacheConfigInfo {
  render(): string
  visit(visitor: SampleVisitor): void
}

/** `vllm:cache_config_info`: a gauge of 1 whose labels are vLLM's CacheConfig; capacity is num_gpu_blocks × block_size. */
export const cacheConfigInfo = (
  engine: EngineConfig,
  cache: CacheConfig,
  { version }: VllmVersion = LATEST,
): CacheConfigInfo => {
  const labels = cacheConfigLabels(engine, cache, version)
  const set = createMetricSet({
    families: [
      {
        name: NAME,
        type: 'gauge',
        unit: 'info',
        help: 'Information of the LLMEngine CacheConfig',
        labels: Object.keys(labels).sort(),
      },
    ],
    created: !isMultiprocess(version),
    now: () => 0,
  })
  set.scalar(NAME, labels).value = 1
  return { render: set.render, visit: set.visit }
}

// --- Internal helpers ---

const NAME = 'vllm:cache_config_info'

const cacheConfigLabels = (engine: EngineConfig, cache: CacheConfig, version: string): Labels => {
  const tokens = engine.numGpuBlocks * engine.blockSize
  const derived: Readonly<Record<string, string>> = {
    block_size: String(engine.blockSize),
    effective_attention_block_size: String(engine.blockSize),
    enable_prefix_caching: python(engine.enablePrefixCaching),
    gpu_memory_utilization: String(cache.gpuMemoryUtilization),
    kv_cache_max_concurrency: numberText(tokens / engine.maxModelLen),
    kv_cache_size_tokens: String(tokens),
    num_gpu_blocks: String(engine.numGpuBlocks),
    num_gpu_blocks_override: cache.numGpuBlocksOverride === null ? 'None' : String(cache.numGpuBlocksOverride),
    user_specified_block_size: python(cache.userSpecifiedBlockSize),
  }
  const fields = CACHE_CONFIG_FIELDS.filter(({ spans }) =>
    spans.some(({ since, until }) => isAtLeast(version, since) && (until === undefined || !isAtLeast(version, until))),
  )
  return Object.fromEntries(fields.map(({ name, value }) => [name, value ?? derived[name] ?? 'None']))
}

const python = (value: boolean): string => (value ? 'True' : 'False')
