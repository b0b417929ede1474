import type { Change, FamilyRecord, FamilyType, Unit } from '../family.ts'

/** Families of one connector that came together. */
interface ConnectorGroup {
  requires: string
  labels?: readonly string[]
  use?: string
  changes: readonly Change[]
  families: Readonly<Record<string, readonly [FamilyType, Unit]>>
}

/** What KV connectors add. Only their names, types, labels and units: the emulator has none of them. */
const GROUPS: readonly ConnectorGroup[] = [
  {
    requires: 'a KV connector that consumes',
    labels: ['stage'],
    changes: [{ since: '0.32.0' }],
    families: {
      'vllm:num_requests_kv_fetch_by_stage': ['gauge', 'requests'],
    },
  },
  {
    requires: 'NixlConnector',
    changes: [{ since: '0.11.1' }],
    families: {
      'vllm:nixl_xfer_time_seconds': ['histogram', 'seconds'],
      'vllm:nixl_post_time_seconds': ['histogram', 'seconds'],
      'vllm:nixl_bytes_transferred': ['histogram', 'bytes'],
      'vllm:nixl_num_descriptors': ['histogram', 'count'],
      'vllm:nixl_num_failed_transfers_total': ['counter', 'count'],
      'vllm:nixl_num_failed_notifications_total': ['counter', 'count'],
    },
  },
  {
    requires: 'NixlConnector',
    changes: [{ since: '0.15.0', source: '~' }],
    families: {
      'vllm:nixl_num_kv_expired_reqs_total': ['counter', 'requests'],
    },
  },
  {
    requires: 'NixlConnector',
    changes: [{ since: '0.32.0' }],
    families: {
      'vllm:nixl_num_notifications_after_expiry_total': ['counter', 'count'],
    },
  },
  {
    requires: 'KV offloading (--kv-offloading-size)',
    labels: ['transfer_type'],
    use: 'vllm:kv_offload_load_* and vllm:kv_offload_store_*',
    changes: [
      { since: '0.16.0', source: '~' },
      { since: '0.24.0', state: 'deprecated' },
    ],
    families: {
      'vllm:kv_offload_total_bytes_total': ['counter', 'bytes'],
      'vllm:kv_offload_total_time_total': ['counter', 'seconds'],
      'vllm:kv_offload_size': ['histogram', 'bytes'],
    },
  },
  {
    requires: 'KV offloading (--kv-offloading-size)',
    changes: [{ since: '0.24.0' }],
    families: {
      'vllm:kv_offload_load_bytes_total': ['counter', 'bytes'],
      'vllm:kv_offload_load_time_total': ['counter', 'seconds'],
      'vllm:kv_offload_load_size': ['histogram', 'bytes'],
      'vllm:kv_offload_store_bytes_total': ['counter', 'bytes'],
      'vllm:kv_offload_store_time_total': ['counter', 'seconds'],
      'vllm:kv_offload_store_size': ['histogram', 'bytes'],
      'vllm:kv_offload_stores_skipped_total': ['counter', 'count'],
      'vllm:kv_offload_cpu_cache_usage_perc': ['gauge', 'fraction'],
    },
  },
  {
    requires: 'KV offloading (--kv-offloading-size)',
    changes: [{ since: '0.26.0' }],
    families: {
      'vllm:kv_offload_lookup_sync_delay_seconds': ['histogram', 'seconds'],
      'vllm:kv_offload_lookup_async_delay_seconds': ['histogram', 'seconds'],
      'vllm:kv_offload_allocation_failure_total': ['counter', 'count'],
      'vllm:kv_offload_cpu_cache_write_usage_perc': ['gauge', 'fraction'],
      'vllm:kv_offload_cpu_cache_read_usage_perc': ['gauge', 'fraction'],
      'vllm:kv_offload_cpu_allocation_size': ['histogram', 'count'],
    },
  },
  {
    requires: 'tiered KV offloading',
    labels: ['tier'],
    changes: [{ since: '0.26.0' }],
    families: {
      'vllm:kv_offload_tiering_lookup_sync_delay_seconds': ['histogram', 'seconds'],
      'vllm:kv_offload_tiering_lookup_async_delay_seconds': ['histogram', 'seconds'],
    },
  },
  {
    requires: 'tiered KV offloading',
    labels: ['tier'],
    changes: [{ since: '0.28.0' }],
    families: {
      'vllm:kv_offload_tiering_read_bytes_total': ['counter', 'bytes'],
      'vllm:kv_offload_tiering_read_time_total': ['counter', 'seconds'],
      'vllm:kv_offload_tiering_write_bytes_total': ['counter', 'bytes'],
      'vllm:kv_offload_tiering_write_time_total': ['counter', 'seconds'],
      'vllm:kv_offload_tiering_promotion_job_failures_total': ['counter', 'count'],
      'vllm:kv_offload_tiering_cascade_job_failures_total': ['counter', 'count'],
      'vllm:kv_offload_tiering_chunk_queries_total': ['counter', 'count'],
      'vllm:kv_offload_tiering_chunk_hits_total': ['counter', 'count'],
      'vllm:kv_offload_tiering_primary_write_usage_perc': ['gauge', 'fraction'],
      'vllm:kv_offload_tiering_primary_read_usage_perc': ['gauge', 'fraction'],
      'vllm:kv_offload_tiering_active_promotion_jobs': ['gauge', 'count'],
      'vllm:kv_offload_tiering_active_cascade_jobs': ['gauge', 'count'],
    },
  },
  {
    requires: 'tiered KV offloading',
    changes: [{ since: '0.28.0' }],
    families: {
      'vllm:kv_offload_tiering_promotion_allocation_failures_total': ['counter', 'count'],
    },
  },
  {
    requires: 'tiered KV offloading',
    labels: ['tier'],
    changes: [{ since: '0.31.0' }],
    families: {
      'vllm:kv_offload_tiering_backpressure_store_latency_ema': ['gauge', 'seconds/MiB'],
      'vllm:kv_offload_tiering_backpressure_stores_dropped_total': ['counter', 'count'],
      'vllm:kv_offload_tiering_backpressure_blocks_dropped_total': ['counter', 'blocks'],
    },
  },
  {
    requires: 'SimpleCPUOffloadConnector',
    changes: [{ since: '0.31.0' }],
    families: {
      'vllm:simple_kv_offload_load_blocks_total': ['counter', 'blocks'],
      'vllm:simple_kv_offload_pending_store_blocks': ['gauge', 'blocks'],
      'vllm:simple_kv_offload_used_blocks': ['gauge', 'blocks'],
    },
  },
  {
    requires: 'SimpleCPUOffloadConnector',
    labels: ['outcome'],
    changes: [{ since: '0.31.0' }],
    families: {
      'vllm:simple_kv_offload_save_outcomes_total': ['counter', 'count'],
    },
  },
  {
    requires: 'SimpleCPUOffloadConnector',
    labels: ['backend', 'capacity_blocks', 'lazy_offload', 'page_cache'],
    changes: [{ since: '0.31.0' }],
    families: {
      'vllm:simple_kv_offload_info': ['gauge', 'info'],
    },
  },
  {
    requires: 'MooncakeStoreConnector',
    labels: ['operation', 'status'],
    changes: [{ since: '0.22.0' }],
    families: {
      'vllm:mooncake_store_operation_time_seconds': ['histogram', 'seconds'],
      'vllm:mooncake_store_operation_total': ['counter', 'count'],
      'vllm:mooncake_store_operation_keys_total': ['counter', 'count'],
      'vllm:mooncake_store_operation_bytes_total': ['counter', 'bytes'],
      'vllm:mooncake_store_operation_failed_keys_total': ['counter', 'count'],
    },
  },
  {
    requires: 'HF3FSKVConnector',
    changes: [{ since: '0.20.0' }],
    families: {
      'vllm:hf3fs_save_duration_seconds': ['histogram', 'seconds'],
      'vllm:hf3fs_load_duration_seconds': ['histogram', 'seconds'],
      'vllm:hf3fs_num_failed_save_total': ['counter', 'count'],
      'vllm:hf3fs_num_failed_load_total': ['counter', 'count'],
    },
  },
  {
    requires: 'HiSparse',
    changes: [{ since: '0.32.0' }],
    families: {
      'vllm:hisparse_cache_hits_total': ['counter', 'count'],
      'vllm:hisparse_cache_misses_total': ['counter', 'count'],
      'vllm:hisparse_host_to_device_bytes_total': ['counter', 'bytes'],
      'vllm:hisparse_host_cache_usage_perc': ['gauge', 'fraction'],
      'vllm:hisparse_pending_page_transfers': ['gauge', 'count'],
      'vllm:hisparse_host_block_lifetime_seconds': ['histogram', 'seconds'],
      'vllm:hisparse_host_block_idle_before_evict_seconds': ['histogram', 'seconds'],
      'vllm:hisparse_host_block_reuse_gap_seconds': ['histogram', 'seconds'],
    },
  },
]

export const CONNECTORS: readonly FamilyRecord[] = GROUPS.flatMap(({ changes, families, ...shared }) =>
  Object.entries(families).map(([name, [type, unit]]) => ({ name, type, unit, ...shared, v1: changes })),
)
