import type { Kube } from '../../lib/kube/client.ts'

/** On the pods of the application that calls the engines. */
export const GATEWAY_LABEL = 'firedrill.dev/gateway'
export const GATEWAY_LABELS: Record<string, string> = { [GATEWAY_LABEL]: 'true' }

/** Why the pods that the network is to be cut from cannot be told, or null. */
export const withoutGateway = async (kube: Kube, namespace: string): Promise<string | null> => {
  const { items } = await kube.core.listNamespacedPod({ namespace, labelSelector: `${GATEWAY_LABEL}=true` })
  return items.length > 0 ? null : `expected pods with the label ${GATEWAY_LABEL}=true in ${namespace}, found none`
}
