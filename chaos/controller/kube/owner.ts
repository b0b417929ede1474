import { type Kube, orNull } from '../../../lib/kube/client.ts'
import type { V1OwnerReference, V1Pod } from '../../../lib/kube/types.ts'

export interface Owner {
  kind: string
  name: string
  uid: string
}

/** Who keeps these pods, each once: a ReplicaSet's Deployment rather than the ReplicaSet. Null stands for pods that nobody keeps. */
export const ownersOf = async (kube: Kube, namespace: string, pods: readonly V1Pod[]): Promise<(Owner | null)[]> => {
  const direct = distinct(pods.map(({ metadata }) => controllerOf(metadata?.ownerReferences)))
  return distinct(await Promise.all(direct.map((owner) => outermost(kube, namespace, owner))))
}

/** The hash of the template that a pod was made from; empty for a pod that no template made. */
export const revisionOf = ({ metadata }: V1Pod): string =>
  metadata?.labels?.['pod-template-hash'] ?? metadata?.labels?.['controller-revision-hash'] ?? ''

// --- Internal helpers ---

const controllerOf = (owners: readonly V1OwnerReference[] = []): Owner | null => {
  const found = owners.find(({ controller }) => controller)
  return found === undefined ? null : { kind: found.kind, name: found.name, uid: found.uid }
}

const outermost = async (kube: Kube, namespace: string, owner: Owner | null): Promise<Owner | null> => {
  if (owner?.kind !== 'ReplicaSet') return owner
  const found = await orNull(kube.apps.readNamespacedReplicaSet({ namespace, name: owner.name }))
  return controllerOf(found?.metadata?.ownerReferences) ?? owner
}

const distinct = (owners: readonly (Owner | null)[]): (Owner | null)[] => [
  ...new Map(owners.map((owner) => [owner?.uid, owner])).values(),
]
