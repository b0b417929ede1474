import type { FamilyRecord } from '../family.ts'

/** What was found instead of computed. Queries and hits count tokens from 0.9.0 on, blocks before. */
export const PREFIX_CACHE: readonly FamilyRecord[] = [
  {
    name: 'vllm:prefix_cache_queries_total',
    type: 'counter',
    unit: 'tokens',
    v1: [{ since: '0.9.2', help: 'Prefix cache queries, in terms of number of queried tokens.' }],
  },
  {
    name: 'vllm:prefix_cache_hits_total',
    type: 'counter',
    unit: 'tokens',
    v1: [{ since: '0.9.2', help: 'Prefix cache hits, in terms of number of cached tokens.' }],
  },
  {
    name: 'vllm:gpu_prefix_cache_queries_total',
    type: 'counter',
    unit: 'tokens',
    use: 'vllm:prefix_cache_queries_total',
    v1: [
      { since: '0.8.0', unit: 'blocks', help: 'GPU prefix cache queries, in terms of number of queried blocks.' },
      { since: '0.9.0', unit: 'tokens', help: 'GPU prefix cache queries, in terms of number of queried tokens.' },
      {
        since: '0.9.2',
        state: 'deprecated',
        help: 'GPU prefix cache queries, in terms of number of queried tokens.DEPRECATED: Use vllm:prefix_cache_queries instead.',
      },
      {
        since: '0.10.0',
        help: 'GPU prefix cache queries, in terms of number of queriedtokens. DEPRECATED: Use vllm:prefix_cache_queries instead.',
      },
      { since: '0.11.0', state: 'hidden' },
      { since: '0.12.0', state: 'removed' },
    ],
  },
  {
    name: 'vllm:gpu_prefix_cache_hits_total',
    type: 'counter',
    unit: 'tokens',
    use: 'vllm:prefix_cache_hits_total',
    v1: [
      { since: '0.8.0', unit: 'blocks', help: 'GPU prefix cache hits, in terms of number of cached blocks.' },
      { since: '0.9.0', unit: 'tokens', help: 'GPU prefix cache hits, in terms of number of cached tokens.' },
      {
        since: '0.9.2',
        state: 'deprecated',
        help: 'GPU prefix cache hits, in terms of number of cached tokens.DEPRECATED: Use vllm:prefix_cache_hits instead.',
      },
      {
        since: '0.10.0',
        help: 'GPU prefix cache hits, in terms of number of cached tokens. DEPRECATED: Use vllm:prefix_cache_hits instead.',
      },
      { since: '0.11.0', state: 'hidden' },
      { since: '0.12.0', state: 'removed' },
    ],
  },
  {
    name: 'vllm:gpu_prefix_cache_hit_rate',
    type: 'gauge',
    unit: 'fraction',
    use: 'rate(vllm:prefix_cache_hits_total[5m]) / rate(vllm:prefix_cache_queries_total[5m])',
    v0: [
      { since: '0.6.0', help: 'GPU prefix cache block hit rate.' },
      {
        since: '0.8.0',
        state: 'deprecated',
        help: 'GPU prefix cache block hit rate. DEPRECATED: use vllm:gpu_prefix_cache_queries and vllm:gpu_prefix_cache_queries in V1',
      },
      { since: '0.8.3', state: 'hidden' },
      { since: '0.9.1', state: 'removed' },
    ],
  },
  {
    name: 'vllm:cpu_prefix_cache_hit_rate',
    type: 'gauge',
    unit: 'fraction',
    v0: [
      { since: '0.6.0', help: 'CPU prefix cache block hit rate.' },
      {
        since: '0.8.0',
        state: 'deprecated',
        help: 'CPU prefix cache block hit rate. DEPRECATED: KV cache offloading is not used in V1',
      },
      { since: '0.8.3', state: 'hidden' },
      { since: '0.9.1', state: 'removed' },
    ],
  },
  {
    name: 'vllm:external_prefix_cache_queries_total',
    type: 'counter',
    unit: 'tokens',
    v1: [
      {
        since: '0.11.1',
        help: 'External prefix cache queries from KV connector cross-instance cache sharing, in terms of number of queried tokens.',
      },
    ],
  },
  {
    name: 'vllm:external_prefix_cache_hits_total',
    type: 'counter',
    unit: 'tokens',
    v1: [
      {
        since: '0.11.1',
        help: 'External prefix cache hits from KV connector cross-instance cache sharing, in terms of number of cached tokens.',
      },
    ],
  },
  {
    name: 'vllm:mm_cache_queries_total',
    type: 'counter',
    unit: 'items',
    v1: [{ since: '0.11.1', help: 'Multi-modal cache queries, in terms of number of queried items.' }],
  },
  {
    name: 'vllm:mm_cache_hits_total',
    type: 'counter',
    unit: 'items',
    v1: [{ since: '0.11.1', help: 'Multi-modal cache hits, in terms of number of cached items.' }],
  },
]
