import { FAULT_LABEL } from '../../lib/core/fault-resource.ts'
import { isRolledOut, type WorkloadDocument } from './document.ts'

/** Why a workload cannot be changed and put back, as what was found of it; null where it can. */
export const unrest = (document: WorkloadDocument): string | null => {
  const { metadata, spec } = document
  if (metadata.deletionTimestamp !== undefined) return 'it is being deleted'
  const mark = metadata.labels[FAULT_LABEL]
  if (mark !== undefined)
    return `the fault ${mark} is in force on it (where that is gone for good, take the label ${FAULT_LABEL} off)`
  if (spec.paused) return 'its rollout is paused'
  if (!isRolledOut(document)) return 'a rollout of it is under way'
  const owner = metadata.ownerReferences.find(({ controller }) => controller === true)
  if (owner !== undefined) return `${owner.kind} ${owner.name} owns it, and would undo a change`
  const flux = metadata.labels[FLUX]
  if (flux !== undefined && metadata.annotations[FLUX_RECONCILE] !== 'disabled')
    return `the Flux Kustomization ${flux} would undo a change (${FLUX_RECONCILE}: disabled on it lets faults in)`
  return null
}

// --- Internal helpers ---

/** Flux sets both back at every interval. Whether Argo CD does stands in its Application, elsewhere: such a fault is seen not to bite. */
const FLUX = 'kustomize.toolkit.fluxcd.io/name'
const FLUX_RECONCILE = 'kustomize.toolkit.fluxcd.io/reconcile'
