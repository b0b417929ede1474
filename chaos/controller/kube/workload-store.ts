import type { WorkloadRef } from '../../../lib/core/fault-kube/workload.ts'
import { type Kube, isConflict, orNull } from '../../../lib/kube/client.ts'
import { WorkloadDocument } from '../../rollout/document.ts'
import type { Operation } from '../../rollout/patch.ts'

type Named = Pick<WorkloadRef, 'kind' | 'name'>

/** As the API server writes it; null where there is none. */
export const readWorkload = async (
  kube: Kube,
  namespace: string,
  workload: Named,
): Promise<WorkloadDocument | null> => {
  const found: unknown = await orNull(kube.custom.getNamespacedCustomObject(path(namespace, workload)))
  return found === null ? null : WorkloadDocument.parse(found)
}

/** Patches what was read, and reads again where somebody else wrote in between; nothing where `change` gives null. */
export const patchWorkload = async (
  kube: Kube,
  namespace: string,
  workload: Named,
  change: (now: WorkloadDocument | null) => Operation[] | null,
): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const body = change(await readWorkload(kube, namespace, workload))
    if (body === null) return
    try {
      await orNull(kube.custom.patchNamespacedCustomObject({ ...path(namespace, workload), body }))
      return
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
    }
  }
}

// --- Internal helpers ---

/** Its controller writes the status of a workload often while pods come and go. */
const ATTEMPTS = 20

const path = (namespace: string, { kind, name }: Named) => ({
  group: 'apps',
  version: 'v1',
  namespace,
  plural: kind === 'Deployment' ? 'deployments' : 'statefulsets',
  name,
})
