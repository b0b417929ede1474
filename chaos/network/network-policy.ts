import { FAULT_LABEL } from '../../lib/core/fault-resource.ts'
import { GATEWAY_LABEL } from './gateway-pods.ts'

export const NETWORK_POLICY = { group: 'networking.k8s.io', version: 'v1', plural: 'networkpolicies' }

/** On the victim while it is cut off: the id of the fault, which its policy selects. */
export const PARTITION_LABEL = 'firedrill.dev/partition'

/**
 * The victim takes connections from every pod but the gateway's. Policies only allow: what is outside of the cluster's pods is kept
 * away, too, save the pod's own node. Connections that are open already, most network plugins leave open.
 */
export const cutOff = (id: string, namespace: string) => ({
  apiVersion: `${NETWORK_POLICY.group}/${NETWORK_POLICY.version}`,
  kind: 'NetworkPolicy',
  metadata: { name: id, namespace, labels: { [FAULT_LABEL]: id } },
  spec: {
    podSelector: { matchLabels: { [PARTITION_LABEL]: id } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [otherNamespaces(namespace), OTHER_PODS] }],
  },
})

// --- Internal helpers ---

const otherNamespaces = (namespace: string) => ({
  namespaceSelector: {
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [namespace] }],
  },
})

const OTHER_PODS = { podSelector: { matchExpressions: [{ key: GATEWAY_LABEL, operator: 'DoesNotExist' }] } }
