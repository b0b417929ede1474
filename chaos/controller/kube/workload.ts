import type { WorkloadCalls, WorkloadRef } from '../../../lib/core/fault-kube/workload.ts'
import { FAULT_LABEL, type FaultResource } from '../../../lib/core/fault-resource.ts'
import type { Kube } from '../../../lib/kube/client.ts'
import { fieldsOf, type WorkloadDocument } from '../../rollout/document.ts'
import { annotatePods, workloadPatch } from '../../rollout/patch.ts'
import { agree, takenBack } from '../../rollout/taken-back.ts'
import { faultId } from '../fault-id.ts'
import { patchWorkload } from './workload-store.ts'

/** What `kubectl rollout restart` sets. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'

/** The owner of the serving pods, changed by one fault at a time. */
export const workloadCalls = (kube: Kube, fault: FaultResource): WorkloadCalls => {
  const { namespace } = fault.metadata
  const mark = faultId(fault)
  return {
    changeWorkload: ({ workload, before, after }) =>
      patchWorkload(kube, namespace, workload, (found) => {
        const now = sameWorkload(found, workload)
        if (markOf(now) === mark) return null
        requireUnmarked(now, workload)
        const fields = fieldsOf(now, workload)
        if (fields === null || !agree(before, fields)) {
          throw new Error(
            `expected ${fullName(workload)} as it was planned, found it changed by somebody else meanwhile`,
          )
        }
        return workloadPatch(now, workload, { fields: after, mark })
      }),

    restoreWorkload: ({ workload, before, after }) =>
      patchWorkload(kube, namespace, workload, (now) => {
        if (now === null || now.metadata.uid !== workload.uid || markOf(now) !== mark) return null
        const fields = fieldsOf(now, workload)
        const back = takenBack(before, after, fields ?? { replicas: now.spec.replicas })
        return workloadPatch(now, workload, { fields: back, mark: null })
      }),

    restartWorkload: (workload, at) =>
      patchWorkload(kube, namespace, workload, (found) => {
        const now = sameWorkload(found, workload)
        requireUnmarked(now, workload)
        return annotatePods(now, RESTARTED_AT, at)
      }),
  }
}

// --- Internal helpers ---

const fullName = ({ kind, name }: WorkloadRef): string => `${kind} ${name}`

const markOf = ({ metadata }: WorkloadDocument): string | undefined => metadata.labels[FAULT_LABEL]

const sameWorkload = (now: WorkloadDocument | null, workload: WorkloadRef): WorkloadDocument => {
  if (now !== null && now.metadata.uid === workload.uid) return now
  const found = now === null ? 'none' : `another one (uid ${now.metadata.uid})`
  throw new Error(`expected ${fullName(workload)} with uid ${workload.uid}, found ${found}`)
}

const requireUnmarked = (now: WorkloadDocument, workload: WorkloadRef): void => {
  const mark = markOf(now)
  if (mark !== undefined) throw new Error(`expected no fault on ${fullName(workload)}, found the mark of ${mark}`)
}
