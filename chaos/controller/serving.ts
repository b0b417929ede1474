import type { ServingPod } from '../../lib/core/fault.ts'
import { FAULT_LABEL } from '../../lib/core/fault-resource.ts'
import { type Kube, orNull } from '../../lib/kube/client.ts'
import type { V1Pod } from '../../lib/kube/types.ts'
import { isRolledOut } from '../rollout/document.ts'
import { type Owner, ownersOf, revisionOf } from './kube/owner.ts'
import { readWorkload } from './kube/workload-store.ts'
import { type Marked, takenAway, takenToNone } from './taken.ts'

export interface ServingState {
  pods: ServingPod[]
  ready: number
  /** What the owners of the pods ask for; the number of pods where they have no owner that says. */
  replicas: number
  /** Replicas that faults in force have taken away, and nobody asks for meanwhile. */
  taken?: number
  /** No rollout of an owner is under way: no pod is about to be replaced. */
  settled?: boolean
}

/** The serving pods now, those on their way out left aside; in an order that does not change with their random names. */
export const servingState = async (kube: Kube, namespace: string, selector: string): Promise<ServingState> => {
  const { items } = await kube.core.listNamespacedPod({ namespace, labelSelector: selector })
  const present = items.filter(isPresent)
  const owners = await ownersOf(kube, namespace, present)
  const asked = await Promise.all(
    owners.filter((owner) => owner !== null).map((owner) => askOwner(kube, namespace, owner)),
  )
  const ownerless = present.filter((pod) => !isOwned(pod))
  const known = asked.reduce((sum, wish) => sum + (wish?.replicas ?? 0), 0)
  const pods = present.map(servingPod).sort((a, b) => compare(a.node, b.node) || compare(a.name, b.name))
  const replicas = asked.every((wish) => wish !== null) ? known + ownerless.length : pods.length
  const settled = asked.every((wish) => wish?.settled !== false)
  const marked = asked.flatMap((wish) => wish?.marked ?? [])
  const taken =
    present.length === 0 ? await takenToNone(kube, namespace, selector) : await takenAway(kube, namespace, marked)
  return { pods, ready: pods.filter(({ ready }) => ready).length, replicas, taken, settled }
}

// --- Internal helpers ---

const isPresent = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

const isOwned = ({ metadata }: V1Pod): boolean =>
  metadata?.ownerReferences?.some(({ controller }) => controller === true) ?? false

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

const servingPod = (pod: V1Pod): ServingPod => {
  const { metadata, spec, status } = pod
  const containers = status?.containerStatuses ?? []
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    node: spec?.nodeName ?? '',
    ready: status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
    image: spec?.containers[0]?.image ?? '',
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    reason: containers.map(({ state }) => state?.waiting?.reason ?? state?.terminated?.reason).find(Boolean) ?? null,
    started: containers.length > 0 && containers.every(({ started }) => started === true),
    revision: revisionOf(pod),
    owned: isOwned(pod),
  }
}

interface Wish {
  replicas: number
  settled: boolean
  marked?: Marked
}

/** Null for owners whose wish is not known: custom controllers, DaemonSets. */
const askOwner = async (kube: Kube, namespace: string, { kind, name }: Owner): Promise<Wish | null> => {
  if (kind === 'Deployment' || kind === 'StatefulSet') {
    const found = await readWorkload(kube, namespace, { kind, name })
    if (found === null) return null
    const { replicas } = found.spec
    const mark = found.metadata.labels[FAULT_LABEL]
    return { replicas, settled: isRolledOut(found), ...(mark === undefined ? {} : { marked: { mark, replicas } }) }
  }
  if (kind !== 'ReplicaSet') return null
  const found = await orNull(kube.apps.readNamespacedReplicaSet({ namespace, name }))
  return found?.spec?.replicas === undefined ? null : { replicas: found.spec.replicas, settled: true }
}
