/** Kubernetes' own types that the fault controller speaks of; the library itself stays behind lib/kube. */
export type { V1Job, V1Node, V1OwnerReference, V1Pod, V1ResourceQuota } from '@kubernetes/client-node'
