import type { EngineConfig } from '../engine/types.ts'
import { createMetricSet } from './metric-set.ts'
import { numberText } from './number-text.ts'

export interface CacheConfig {
  gpuMemoryUtilization: number
  /** Whether `--block-size` was given. */
  userSpecifiedBlockSize: boolean
  numGpuBlocksOverride: number | null
}

/** `vllm:cache_config_info`: a gauge of 1 whose labels are vLLM's CacheConfig; capacity is num_gpu_blocks × block_size. */
export const cacheConfigInfo = (engine: EngineConfig, cache: CacheConfig): string => {
  const tokens = engine.numGpuBlocks * engine.blockSize
  const labels: Record<string, string> = {
    _block_size_resolved: 'True',
    block_size: String(engine.blockSize),
    cache_dtype: 'auto',
    cache_hit_alignment_tokens: 'None',
    effective_attention_block_size: String(engine.blockSize),
    enable_mamba_shared_prefix_checkpoint: 'False',
    enable_prefix_caching: python(engine.enablePrefixCaching),
    engine: '0',
    gpu_memory_utilization: String(cache.gpuMemoryUtilization),
    hash_block_size: 'None',
    is_attention_free: 'False',
    kv_cache_dtype_skip_layers: '[]',
    kv_cache_layout: 'None',
    kv_cache_max_concurrency: numberText(tokens / engine.maxModelLen),
    kv_cache_memory_bytes: 'None',
    kv_cache_size_tokens: String(tokens),
    kv_offloading_backend: 'native',
    kv_offloading_size: 'None',
    kv_sharing_fast_prefill: 'False',
    mamba_block_size: 'None',
    mamba_cache_dtype: 'auto',
    mamba_cache_mode: 'none',
    mamba_page_size_padded: 'None',
    mamba_ssm_cache_dtype: 'float32',
    num_cpu_blocks: 'None',
    num_gpu_blocks: String(engine.numGpuBlocks),
    num_gpu_blocks_override: cache.numGpuBlocksOverride === null ? 'None' : String(cache.numGpuBlocksOverride),
    prefix_cache_retention_interval: '0',
    prefix_caching_hash_algo: 'sha256',
    prefix_match_unit: 'None',
    replayssm_buffer_len: '16',
    skip_page_size_padded: 'None',
    sliding_window: 'None',
    swa_bounded_replay: 'True',
    use_kda_recoverssm: 'False',
    use_replayssm: 'False',
    user_specified_block_size: python(cache.userSpecifiedBlockSize),
  }
  const set = createMetricSet({
    families: [
      {
        name: 'vllm:cache_config_info',
        type: 'gauge',
        help: 'Information of the LLMEngine CacheConfig',
        labels: Object.keys(labels),
      },
    ],
    maxModelLen: engine.maxModelLen,
    now: () => 0,
  })
  set.scalar('vllm:cache_config_info', labels).value = 1
  return set.render()
}

// --- Internal helpers ---

const python = (value: boolean): string => (value ? 'True' : 'False')
