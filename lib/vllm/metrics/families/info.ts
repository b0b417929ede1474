import type { FamilyRecord } from '../family.ts'

/** Gauges whose labels carry the information. */
export const INFO: readonly FamilyRecord[] = [
  {
    name: 'vllm:lora_requests_info',
    type: 'gauge',
    unit: 'timestamp',
    labels: ['max_lora', 'running_lora_adapters', 'waiting_lora_adapters'],
    ownLabels: true,
    requires: '--enable-lora',
    v0: [{ since: '0.6.4', always: true, help: 'Running stats on lora requests.' }],
    v1: [{ since: '0.8.0', help: 'Running stats on lora requests.' }],
  },
  {
    name: 'vllm:cache_config_info',
    type: 'gauge',
    unit: 'info',
    // All fields of CacheConfig: cache-config-fields.ts.
    labels: [],
    ownLabels: true,
    v0: [{ since: '0.6.0', help: 'Information of the LLMEngine CacheConfig' }],
    v1: [{ since: '0.8.0', help: 'Information of the LLMEngine CacheConfig' }],
  },
]
