import type { V1Container, V1Pod } from '../../kube/pod-types.ts'

/** Where the GPU emulator of a node listens: the host-network port of dcgm-exporter. */
const GPU_PORT = 9400
const RESOURCE = 'nvidia.com/gpu'
const DEVICES = 'NVIDIA_VISIBLE_DEVICES'

/** What the NVIDIA runtime would add: how to reach the node's GPU, for a container that asks for one or names its devices. */
export const gpuEnv = (pod: V1Pod, container: V1Container, nodeAddress: string): Record<string, string> => {
  const { limits, requests } = container.resources ?? {}
  const asks = Number(limits?.[RESOURCE] ?? requests?.[RESOURCE] ?? 0) > 0
  const names = (container.env ?? []).some(({ name, value }) => name === DEVICES && value !== 'void' && value !== '')
  if (!asks && !names) return {}
  return {
    FIREDRILL_GPU_URL: `http://${nodeAddress}:${GPU_PORT}`,
    FIREDRILL_POD: `${pod.metadata?.namespace}/${pod.metadata?.name}`,
    FIREDRILL_POD_UID: pod.metadata?.uid ?? '',
  }
}
