import { FAULT_LABEL } from '../../lib/core/fault-resource.ts'
import { GATEWAY_LABELS } from './gateway-pods.ts'
import type { Effect } from './effect.ts'

export const NETWORK_CHAOS = { group: 'chaos-mesh.org', version: 'v1alpha1', plural: 'networkchaos' }

/** On the victim while Chaos Mesh may choose it, with its UID; a name for each fault, so that several on one pod leave each other's alone. */
export const victimLabel = (id: string): string => `firedrill.dev/${id}`

interface Wanted {
  id: string
  namespace: string
  victim: { uid: string }
  durationMs: number
  effect: Effect
}

/**
 * Chaos Mesh's object: what the gateway's pods send to exactly this pod (a partition: both ways). It recovers by itself when its
 * duration is over. It would select pods by name, and a StatefulSet gives the next pod the same: so the victim is labelled by its UID.
 */
export const networkChaos = ({ id, namespace, victim, durationMs, effect }: Wanted) => ({
  apiVersion: `${NETWORK_CHAOS.group}/${NETWORK_CHAOS.version}`,
  kind: 'NetworkChaos',
  metadata: { name: id, namespace, labels: { [FAULT_LABEL]: id } },
  spec: {
    mode: 'all',
    selector: { namespaces: [namespace], labelSelectors: GATEWAY_LABELS },
    target: { mode: 'all', selector: { namespaces: [namespace], labelSelectors: { [victimLabel(id)]: victim.uid } } },
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
