import type { NodeTemplate } from '../lib/cluster/types.ts'

/** As NVIDIA's feature discovery labels such a node. */
const GPU_LABELS = {
  'nvidia.com/gpu.present': 'true',
  'nvidia.com/gpu.count': '1',
  'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3',
  'nvidia.com/gpu.memory': '81559',
}

/** As GPU operators keep everything else away from such a node: what only watches must not fail with it. */
const GPU_TAINTS: NodeTemplate['taints'] = [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }]

/**
 * The embedded cluster's nodes: one with a GPU for each replica, and one for everything else. With a GPU to spare, a replica
 * that cannot start beside a co-tenant would start elsewhere. What they offer is what pods may ask for, not what the machine has.
 */
export const embeddedNodes = (gpus: number): NodeTemplate[] => [
  { name: 'cpu-0', labels: {}, capacity: { cpu: '8', memory: '32Gi', pods: '110' } },
  ...Array.from({ length: gpus }, (_, index) => ({
    name: `gpu-${index}`,
    labels: GPU_LABELS,
    taints: GPU_TAINTS,
    capacity: { cpu: '8', memory: '32Gi', pods: '110', 'nvidia.com/gpu': '1' },
  })),
]

/** For the manifests' own three replicas. */
export const EMBEDDED_NODES: readonly NodeTemplate[] = embeddedNodes(3)
