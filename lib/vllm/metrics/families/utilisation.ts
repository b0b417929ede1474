import type { FamilyRecord } from '../family.ts'

/** What --enable-mfu-metrics fills; exposed at zero without it. */
export const UTILISATION: readonly FamilyRecord[] = [
  {
    name: 'vllm:estimated_flops_per_gpu_total',
    type: 'counter',
    unit: 'operations',
    v1: [
      {
        since: '0.17.0',
        help: 'Estimated number of floating point operations per GPU (for Model Flops Utilization calculations).',
      },
    ],
  },
  {
    name: 'vllm:estimated_read_bytes_per_gpu_total',
    type: 'counter',
    unit: 'bytes',
    v1: [
      {
        since: '0.17.0',
        help: 'Estimated number of bytes read from memory per GPU (for Model Flops Utilization calculations).',
      },
    ],
  },
  {
    name: 'vllm:estimated_write_bytes_per_gpu_total',
    type: 'counter',
    unit: 'bytes',
    v1: [
      {
        since: '0.17.0',
        help: 'Estimated number of bytes written to memory per GPU (for Model Flops Utilization calculations).',
      },
    ],
  },
]
