import type { FamilyRecord } from '../family.ts'

/** State of the scheduler and its KV cache: gauges, set once a step. */
export const SCHEDULER: readonly FamilyRecord[] = [
  {
    name: 'vllm:num_requests_running',
    type: 'gauge',
    unit: 'requests',
    v0: [{ since: '0.6.0', help: 'Number of requests currently running on GPU.' }],
    v1: [{ since: '0.8.0', help: 'Number of requests in model execution batches.' }],
  },
  {
    name: 'vllm:num_requests_waiting',
    type: 'gauge',
    unit: 'requests',
    v0: [{ since: '0.6.0', help: 'Number of requests waiting to be processed.' }],
    v1: [{ since: '0.8.0', help: 'Number of requests waiting to be processed.' }],
  },
  {
    name: 'vllm:num_requests_waiting_by_reason',
    type: 'gauge',
    unit: 'requests',
    labels: ['reason'],
    v1: [
      {
        since: '0.20.0',
        help: "Number of waiting requests by reason. Reason labels: 'capacity' = waiting for scheduling capacity; 'deferred' = deferred by transient constraints (LoRA budget, KV transfer, blocked status). Sum of all reasons equals vllm:num_requests_waiting.",
        values: { reason: ['capacity', 'deferred'] },
      },
    ],
  },
  {
    name: 'vllm:engine_sleep_state',
    type: 'gauge',
    unit: 'state',
    labels: ['sleep_state'],
    v1: [
      {
        since: '0.11.1',
        help: 'Engine sleep state; awake = 0 means engine is sleeping; awake = 1 means engine is awake; weights_offloaded = 1 means sleep level 1; discard_all = 1 means sleep level 2.',
        values: { sleep_state: ['awake', 'weights_offloaded', 'discard_all'] },
      },
    ],
  },
  {
    name: 'vllm:num_requests_swapped',
    type: 'gauge',
    unit: 'requests',
    v0: [
      { since: '0.6.0', help: 'Number of requests swapped to CPU.' },
      {
        since: '0.8.0',
        state: 'deprecated',
        help: 'Number of requests swapped to CPU. DEPRECATED: KV cache offloading is not used in V1',
      },
      { since: '0.8.3', state: 'hidden' },
      { since: '0.9.1', state: 'removed' },
    ],
  },
  {
    name: 'vllm:kv_cache_usage_perc',
    type: 'gauge',
    unit: 'fraction',
    v1: [{ since: '0.9.2', help: 'KV-cache usage. 1 means 100 percent usage.' }],
  },
  {
    name: 'vllm:gpu_cache_usage_perc',
    type: 'gauge',
    unit: 'fraction',
    use: 'vllm:kv_cache_usage_perc',
    v0: [{ since: '0.6.0', help: 'GPU KV-cache usage. 1 means 100 percent usage.' }],
    v1: [
      { since: '0.8.0', help: 'GPU KV-cache usage. 1 means 100 percent usage.' },
      {
        since: '0.9.2',
        state: 'deprecated',
        help: 'GPU KV-cache usage. 1 means 100 percent usage.DEPRECATED: Use vllm:kv_cache_usage_perc instead.',
      },
      { since: '0.11.0', state: 'hidden' },
      { since: '0.12.0', state: 'removed' },
    ],
  },
  {
    name: 'vllm:cpu_cache_usage_perc',
    type: 'gauge',
    unit: 'fraction',
    v0: [
      { since: '0.6.0', help: 'CPU KV-cache usage. 1 means 100 percent usage.' },
      {
        since: '0.8.0',
        state: 'deprecated',
        help: 'CPU KV-cache usage. 1 means 100 percent usage. DEPRECATED: KV cache offloading is not used in V1',
      },
      { since: '0.8.3', state: 'hidden' },
      { since: '0.9.1', state: 'removed' },
    ],
  },
]
