import { z } from 'zod'
import type { ObjectCalls, ObjectKind } from '../../../lib/core/fault-kube/object.ts'
import { FAULT_API_VERSION, FAULT_LABEL, type FaultResource, RUN_LABEL } from '../../../lib/core/fault-resource.ts'
import { type Kube, isConflict, orNull } from '../../../lib/kube/client.ts'
import { faultId } from '../fault-id.ts'

export const objectCalls = (kube: Kube, fault: FaultResource): ObjectCalls => {
  const { namespace } = fault.metadata
  const read = async (kind: ObjectKind, name: string): Promise<Owned | null> => {
    const found: unknown = await orNull(kube.custom.getNamespacedCustomObject({ ...kind, namespace, name }))
    return found === null ? null : Owned.parse(found)
  }
  const isOurs = ({ metadata }: Owned): boolean => metadata.labels?.[FAULT_LABEL] === faultId(fault)
  return {
    async createObject(kind, object) {
      const { name } = object.metadata
      const body = { ...object, metadata: { ...object.metadata, ...ownership(fault) } }
      try {
        await kube.custom.createNamespacedCustomObject({ ...kind, namespace, body })
      } catch (error) {
        if (!isConflict(error)) throw error
        const found = await read(kind, name)
        if (found === null || !isOurs(found))
          throw new Error(`${kind.plural} ${name} belongs to somebody else`, { cause: error })
      }
    },

    readObject: read,

    async deleteObject(kind, name) {
      const found = await read(kind, name)
      if (found === null || !isOurs(found)) return
      const body = { preconditions: { uid: found.metadata.uid } }
      try {
        await orNull(kube.custom.deleteNamespacedCustomObject({ ...kind, namespace, name, body }))
      } catch (error) {
        // The name is another object's by now.
        if (!isConflict(error)) throw error
      }
    },
  }
}

// --- Internal helpers ---

const Owned = z.looseObject({
  metadata: z.looseObject({ uid: z.string(), labels: z.record(z.string(), z.string()).optional() }),
})
type Owned = z.infer<typeof Owned>

/** The garbage collector takes the object away, should the Fault vanish past its finalizer. */
const ownership = (fault: FaultResource) => {
  const { name, uid = '', labels: { [RUN_LABEL]: run } = {} } = fault.metadata
  return {
    labels: { [FAULT_LABEL]: faultId(fault), ...(run === undefined ? {} : { [RUN_LABEL]: run }) },
    ownerReferences: [{ apiVersion: FAULT_API_VERSION, kind: 'Fault', name, uid }],
  }
}
