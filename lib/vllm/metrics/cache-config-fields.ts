/** One field of vLLM's CacheConfig, all of which are labels of `vllm:cache_config_info`. */
export interface CacheConfigField {
  name: string
  /** Versions that have it: from `since` up to, and without, `until`; more than one span where it came back. */
  spans: readonly { since: string; until?: string; source?: '~' }[]
  /** The value that a server shows which was not told otherwise; where left out, it follows from the server's state. */
  value?: string
}

const ALWAYS = [{ since: '0.6.0' }]

/** Read in vllm/config.py, later vllm/config/cache.py. The old engine's swap space is not modelled: it shows as none. */
export const CACHE_CONFIG_FIELDS: readonly CacheConfigField[] = [
  { name: '_block_size_resolved', spans: [{ since: '0.18.0' }], value: 'True' },
  { name: 'block_size', spans: ALWAYS },
  { name: 'cache_dtype', spans: ALWAYS, value: 'auto' },
  { name: 'cache_hit_alignment_tokens', spans: [{ since: '0.32.0' }], value: 'None' },
  { name: 'calculate_kv_scales', spans: [{ since: '0.7.0', until: '0.28.0' }], value: 'False' },
  { name: 'cpu_kvcache_space_bytes', spans: [{ since: '0.9.2', until: '0.20.0' }], value: 'None' },
  { name: 'cpu_offload_gb', spans: [{ since: '0.6.0', until: '0.18.0' }], value: '0' },
  { name: 'cpu_offload_params', spans: [{ since: '0.17.0', until: '0.18.0' }], value: 'set()' },
  { name: 'effective_attention_block_size', spans: [{ since: '0.31.0' }] },
  { name: 'enable_mamba_fine_grained_prefix_cache', spans: [{ since: '0.30.0', until: '0.31.0' }], value: 'False' },
  { name: 'enable_mamba_shared_prefix_checkpoint', spans: [{ since: '0.31.0' }], value: 'False' },
  { name: 'enable_prefix_caching', spans: ALWAYS },
  { name: 'engine', spans: [{ since: '0.9.0' }], value: '0' },
  { name: 'gpu_memory_utilization', spans: ALWAYS },
  { name: 'hash_block_size', spans: [{ since: '0.20.0', until: '0.26.0' }, { since: '0.32.0' }], value: 'None' },
  { name: 'is_attention_free', spans: [{ since: '0.6.3' }], value: 'False' },
  { name: 'kv_cache_dtype_skip_layers', spans: [{ since: '0.19.0' }], value: '[]' },
  { name: 'kv_cache_layout', spans: [{ since: '0.29.0' }], value: 'None' },
  { name: 'kv_cache_max_concurrency', spans: [{ since: '0.24.0' }] },
  { name: 'kv_cache_memory_bytes', spans: [{ since: '0.10.2' }], value: 'None' },
  { name: 'kv_cache_size_tokens', spans: [{ since: '0.24.0' }] },
  { name: 'kv_offloading_backend', spans: [{ since: '0.11.1', until: '0.14.0' }], value: 'None' },
  { name: 'kv_offloading_backend', spans: [{ since: '0.14.0' }], value: 'native' },
  { name: 'kv_offloading_size', spans: [{ since: '0.11.1' }], value: 'None' },
  { name: 'kv_sharing_fast_prefill', spans: [{ since: '0.10.1' }], value: 'False' },
  { name: 'mamba_block_size', spans: [{ since: '0.11.1' }], value: 'None' },
  { name: 'mamba_cache_dtype', spans: [{ since: '0.10.1' }], value: 'auto' },
  { name: 'mamba_cache_mode', spans: [{ since: '0.16.0', source: '~' }], value: 'none' },
  { name: 'mamba_page_size_padded', spans: [{ since: '0.10.0' }], value: 'None' },
  { name: 'mamba_ssm_cache_dtype', spans: [{ since: '0.10.1', until: '0.32.0' }], value: 'auto' },
  { name: 'mamba_ssm_cache_dtype', spans: [{ since: '0.32.0' }], value: 'float32' },
  { name: 'num_cpu_blocks', spans: ALWAYS, value: 'None' },
  { name: 'num_gpu_blocks', spans: ALWAYS },
  { name: 'num_gpu_blocks_override', spans: ALWAYS },
  { name: 'prefix_cache_retention_interval', spans: [{ since: '0.29.0' }], value: '0' },
  { name: 'prefix_caching_hash_algo', spans: [{ since: '0.8.3', until: '0.10.2' }], value: 'builtin' },
  { name: 'prefix_caching_hash_algo', spans: [{ since: '0.10.2' }], value: 'sha256' },
  { name: 'prefix_match_unit', spans: [{ since: '0.26.0' }], value: 'None' },
  { name: 'replayssm_buffer_len', spans: [{ since: '0.27.0' }], value: '16' },
  { name: 'skip_page_size_padded', spans: [{ since: '0.25.0' }], value: 'None' },
  { name: 'sliding_window', spans: ALWAYS, value: 'None' },
  { name: 'swa_bounded_replay', spans: [{ since: '0.31.0' }], value: 'True' },
  { name: 'swap_space', spans: [{ since: '0.8.5', until: '0.18.0' }], value: '0' },
  { name: 'swap_space_bytes', spans: [{ since: '0.6.0', until: '0.11.1' }], value: '0' },
  { name: 'use_kda_recoverssm', spans: [{ since: '0.29.0' }], value: 'False' },
  { name: 'use_replayssm', spans: [{ since: '0.27.0' }], value: 'False' },
  { name: 'user_specified_block_size', spans: [{ since: '0.18.0' }] },
  { name: 'user_specified_mamba_block_size', spans: [{ since: '0.20.0', until: '0.32.0' }], value: 'False' },
]
