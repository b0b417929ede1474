import { z } from 'zod'
import {
  FAULT_GROUP,
  FAULT_PHASES,
  FAULT_VERSION,
  type FaultPhase,
  FaultResource,
  FaultStatus,
} from '../../lib/core/fault-resource.ts'
import { type Kube, isConflict, orNull } from '../../lib/kube/client.ts'

export const FAULT_PLURAL = 'faults'
const TYPE = { group: FAULT_GROUP, version: FAULT_VERSION, plural: FAULT_PLURAL }

export interface FaultName {
  namespace: string
  name: string
}

/** The API path that a watch of one namespace's Faults needs. */
export const faultsPath = (namespace: string): string =>
  `/apis/${FAULT_GROUP}/${FAULT_VERSION}/namespaces/${namespace}/${FAULT_PLURAL}`

/** The Faults of a namespace, or of all; throws 404 where the cluster does not know the kind. */
export const listFaults = async (kube: Kube, namespace?: string): Promise<FaultResource[]> => {
  const list: unknown =
    namespace === undefined
      ? await kube.custom.listCustomObjectForAllNamespaces({ ...TYPE, resourcePlural: FAULT_PLURAL })
      : await kube.custom.listNamespacedCustomObject({ ...TYPE, namespace })
  return FaultList.parse(list).items
}

/** As the API server gives it, unparsed: for a watch. */
export const listFaultObjects = (kube: Kube, namespace: string) =>
  kube.custom.listNamespacedCustomObject({ ...TYPE, namespace })

export const readFault = async (kube: Kube, { namespace, name }: FaultName): Promise<FaultResource | null> => {
  const found: unknown = await orNull(kube.custom.getNamespacedCustomObject({ ...TYPE, namespace, name }))
  return found === null ? null : FaultResource.parse(found)
}

/** `kubectl create`, for those who have no manifest. */
export const createFault = async (kube: Kube, fault: FaultResource): Promise<FaultResource> =>
  FaultResource.parse(
    await kube.custom.createNamespacedCustomObject({ ...TYPE, namespace: fault.metadata.namespace, body: fault }),
  )

/**
 * Changes the status of exactly this Fault (by UID), on its newest version, as often as it takes. Null where it is gone.
 * A phase that would go backwards is a bug and thrown.
 */
export const updateStatus = (
  kube: Kube,
  fault: FaultResource,
  change: (status: FaultStatus) => Partial<FaultStatus>,
): Promise<FaultResource | null> =>
  update(kube, fault, (now) => {
    const before = FaultStatus.parse(now.status ?? {})
    const status = { ...before, ...change(before) }
    if (rank(status.phase) < rank(before.phase)) throw new Error(`${before.phase} cannot become ${status.phase}`)
    const body = { ...now, status }
    return kube.custom.replaceNamespacedCustomObjectStatus({ ...TYPE, ...named(now), body })
  })

/** Changes finalizers or annotations, in the same way. */
export const updateMetadata = (
  kube: Kube,
  fault: FaultResource,
  change: (metadata: FaultResource['metadata']) => Partial<FaultResource['metadata']>,
): Promise<FaultResource | null> =>
  update(kube, fault, (now) => {
    const body = { ...now, metadata: { ...now.metadata, ...change(now.metadata) } }
    return kube.custom.replaceNamespacedCustomObject({ ...TYPE, ...named(now), body })
  })

// --- Internal helpers ---

const FaultList = z.object({ items: z.array(FaultResource) })

const ATTEMPTS = 20

const rank = (phase: FaultPhase): number => FAULT_PHASES.indexOf(phase)

const named = ({ metadata: { namespace, name } }: FaultResource): FaultName => ({ namespace, name })

const update = async (
  kube: Kube,
  fault: FaultResource,
  write: (now: FaultResource) => Promise<unknown>,
): Promise<FaultResource | null> => {
  for (let attempt = 1; ; attempt += 1) {
    const now = await readFault(kube, named(fault))
    if (now === null || now.metadata.uid !== fault.metadata.uid) return null
    try {
      const written = await orNull(write(now))
      return written === null ? null : FaultResource.parse(written)
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
    }
  }
}
