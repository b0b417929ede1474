import { FAULT_LABEL } from '../../lib/core/fault-resource.ts'
import { GATEWAY_LABELS } from './gateway-pods.ts'
import type { Effect } from './effect.ts'

export const NETWORK_CHAOS = { group: 'chaos-mesh.org', version: 'v1alpha1', plural: 'networkchaos' }

interface Wanted {
  id: string
  namespace: string
  pod: string
  durationMs: number
  effect: Effect
}

/**
 * Chaos Mesh's object: what the gateway's pods send to exactly this pod (a partition: both ways). It recovers by itself when its
 * duration is over. A pod is named, not meant by its UID: serving pods that Deployments make have names of their own.
 */
export const networkChaos = ({ id, namespace, pod, durationMs, effect }: Wanted) => ({
  apiVersion: `${NETWORK_CHAOS.group}/${NETWORK_CHAOS.version}`,
  kind: 'NetworkChaos',
  metadata: { name: id, namespace, labels: { [FAULT_LABEL]: id } },
  spec: {
    mode: 'all',
    selector: { namespaces: [namespace], labelSelectors: GATEWAY_LABELS },
    target: { mode: 'all', selector: { pods: { [namespace]: [pod] } } },
    direction: effect.kind === 'partition' ? 'both' : 'to',
    duration: `${Math.ceil(durationMs / 1_000)}s`,
    ...actionOf(effect),
  },
})

// --- Internal helpers ---

const actionOf = (effect: Effect) => {
  switch (effect.kind) {
    case 'delay': {
      const [latency, jitter] = [`${effect.ms}ms`, `${effect.jitterMs}ms`]
      return { action: 'delay', delay: { latency, jitter, correlation: '0' } }
    }
    case 'loss':
      return { action: 'loss', loss: { loss: String(effect.percent), correlation: '0' } }
    case 'partition':
      return { action: 'partition' }
  }
}
