import type { ServingPod } from '../../lib/core/fault.ts'
import { type Kube, orNull } from '../../lib/kube/client.ts'
import type { V1OwnerReference, V1Pod } from '../../lib/kube/types.ts'

export interface ServingState {
  pods: ServingPod[]
  ready: number
  /** What the owners of the pods ask for; the number of pods where they have no owner that says. */
  replicas: number
}

/** The serving pods now, those on their way out left aside; in an order that does not change with their random names. */
export const servingState = async (kube: Kube, namespace: string, selector: string): Promise<ServingState> => {
  const { items } = await kube.core.listNamespacedPod({ namespace, labelSelector: selector })
  const present = items.filter(isPresent)
  const owners = new Map(
    present
      .flatMap(({ metadata }) => (metadata?.ownerReferences ?? []).filter(({ controller }) => controller))
      .map(byUid),
  )
  const asked = await Promise.all([...owners.values()].map((owner) => replicasOf(kube, namespace, owner)))
  const ownerless = present.filter(
    ({ metadata }) => !(metadata?.ownerReferences ?? []).some(({ controller }) => controller),
  )
  const known = asked.filter((count) => count !== null).reduce((sum, count) => sum + count, 0)
  const pods = present.map(servingPod).sort((a, b) => compare(a.node, b.node) || compare(a.name, b.name))
  const replicas = asked.every((count) => count !== null) ? known + ownerless.length : pods.length
  return { pods, ready: pods.filter(({ ready }) => ready).length, replicas }
}

// --- Internal helpers ---

const isPresent = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

const byUid = (owner: V1OwnerReference): [string, V1OwnerReference] => [owner.uid, owner]

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

const servingPod = ({ metadata, spec, status }: V1Pod): ServingPod => {
  const containers = status?.containerStatuses ?? []
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    node: spec?.nodeName ?? '',
    ready: status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
    image: spec?.containers[0]?.image ?? '',
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    reason: containers.map(({ state }) => state?.waiting?.reason ?? state?.terminated?.reason).find(Boolean) ?? null,
  }
}

/** Null for owners whose wish is not known: custom controllers, DaemonSets. */
const replicasOf = async (kube: Kube, namespace: string, { kind, name }: V1OwnerReference): Promise<number | null> => {
  if (kind === 'ReplicaSet') {
    const found = await orNull(kube.apps.readNamespacedReplicaSet({ namespace, name }))
    return found?.spec?.replicas ?? null
  }
  if (kind === 'StatefulSet') {
    const found = await orNull(kube.apps.readNamespacedStatefulSet({ namespace, name }))
    return found?.spec?.replicas ?? null
  }
  return null
}
