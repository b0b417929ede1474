import { FAULT_FINALIZER } from '../../lib/core/fault-resource.ts'
import type { Kube } from '../../lib/kube/client.ts'
import { updateMetadata, updateStatus } from './fault-store.ts'
import type { FaultRecord } from './steps/context.ts'

/** Faults as objects of an API server: a finalizer holds them, their status is a subresource. */
export const clusterRecord = (kube: Kube): FaultRecord => ({
  async hold(fault) {
    const held = await updateMetadata(kube, fault, ({ finalizers = [] }) => ({
      finalizers: [...new Set([...finalizers, FAULT_FINALIZER])],
    }))
    return held !== null
  },
  async release(fault) {
    await updateMetadata(kube, fault, ({ finalizers = [] }) => ({
      finalizers: finalizers.filter((finalizer) => finalizer !== FAULT_FINALIZER),
    }))
  },
  write: (fault, change) => updateStatus(kube, fault, change),
})
