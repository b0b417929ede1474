import type { FamilyRecord } from '../family.ts'

/** What is counted, and the throughput gauges that counters replaced. */
export const COUNTERS: readonly FamilyRecord[] = [
  {
    name: 'vllm:num_preemptions_total',
    type: 'counter',
    unit: 'count',
    v0: [{ since: '0.6.0', help: 'Cumulative number of preemption from the engine.' }],
    v1: [{ since: '0.8.0', help: 'Cumulative number of preemption from the engine.' }],
  },
  {
    name: 'vllm:prompt_tokens_total',
    type: 'counter',
    unit: 'tokens',
    v0: [{ since: '0.6.0', help: 'Number of prefill tokens processed.' }],
    v1: [{ since: '0.8.0', help: 'Number of prefill tokens processed.' }],
  },
  {
    name: 'vllm:prompt_tokens_by_source_total',
    type: 'counter',
    unit: 'tokens',
    labels: ['source'],
    v1: [
      {
        since: '0.16.0',
        source: '~',
        help: 'Number of prompt tokens by source.',
        values: { source: ['local_compute', 'local_cache_hit', 'external_kv_transfer'] },
      },
    ],
  },
  {
    name: 'vllm:prompt_tokens_cached_total',
    type: 'counter',
    unit: 'tokens',
    v1: [{ since: '0.16.0', source: '~', help: 'Number of cached prompt tokens (local + external).' }],
  },
  {
    name: 'vllm:prompt_tokens_recomputed_total',
    type: 'counter',
    unit: 'tokens',
    use: 'vllm:prompt_tokens_by_source_total{source="local_compute"}',
    v1: [
      { since: '0.16.0', source: '~', help: 'Number of cached tokens recomputed for forward pass.' },
      { since: '0.20.0', state: 'removed' },
    ],
  },
  {
    name: 'vllm:prompt_tokens_cached_by_source_total',
    type: 'counter',
    unit: 'tokens',
    labels: ['source'],
    v1: [
      {
        since: '0.32.0',
        help: 'Prefix-cache hit tokens by the cache tier that supplied them: device (local HBM), host (offloaded to DRAM), disk, p2p (transferred from another vLLM instance) or external_unspecified. Counted at admission; sums to vllm:prefix_cache_hits + vllm:external_prefix_cache_hits.',
        values: { source: ['device', 'host', 'p2p', 'disk', 'external_unspecified'] },
      },
    ],
  },
  {
    name: 'vllm:generation_tokens_total',
    type: 'counter',
    unit: 'tokens',
    v0: [{ since: '0.6.0', help: 'Number of generation tokens processed.' }],
    v1: [{ since: '0.8.0', help: 'Number of generation tokens processed.' }],
  },
  {
    name: 'vllm:tokens_total',
    type: 'counter',
    unit: 'tokens',
    neverWritten: true,
    use: 'vllm:prompt_tokens_total + vllm:generation_tokens_total',
    v0: [
      { since: '0.6.4', help: 'Number of prefill plus generation tokens processed.' },
      { since: '0.8.0', state: 'removed' },
    ],
  },
  {
    name: 'vllm:avg_prompt_throughput_toks_per_s',
    type: 'gauge',
    unit: 'tokens/s',
    use: 'rate(vllm:prompt_tokens_total[1m])',
    v0: [
      { since: '0.6.0', state: 'deprecated', help: 'Average prefill throughput in tokens/s.' },
      { since: '0.7.0', state: 'removed' },
    ],
  },
  {
    name: 'vllm:avg_generation_throughput_toks_per_s',
    type: 'gauge',
    unit: 'tokens/s',
    use: 'rate(vllm:generation_tokens_total[1m])',
    v0: [
      { since: '0.6.0', state: 'deprecated', help: 'Average generation throughput in tokens/s.' },
      { since: '0.7.0', state: 'removed' },
    ],
  },
  {
    name: 'vllm:request_success_total',
    type: 'counter',
    unit: 'requests',
    labels: ['finished_reason'],
    v0: [{ since: '0.6.0', help: 'Count of successfully processed requests.' }],
    v1: [
      {
        since: '0.8.0',
        help: 'Count of successfully processed requests.',
        values: { finished_reason: ['stop', 'length', 'abort'] },
      },
      { since: '0.13.0', values: { finished_reason: ['stop', 'length', 'abort', 'error'] } },
      { since: '0.17.0', values: { finished_reason: ['stop', 'length', 'abort', 'error', 'repetition'] } },
    ],
  },
  {
    name: 'vllm:admission_rejections_total',
    type: 'counter',
    unit: 'requests',
    labels: ['model_name', 'reason'],
    ownLabels: true,
    v1: [
      {
        since: '0.32.0',
        help: 'Number of admission attempts rejected by a queue limit, by reason.',
        values: { reason: ['max_num_queued_reqs', 'max_num_queued_tokens'] },
      },
    ],
  },
]
