import { UserError } from '../../lib/core/errors.ts'
import { isHealed, phaseOf } from '../../lib/core/fault-resource.ts'
import { type Kube, isNotFound, reaching } from '../../lib/kube/client.ts'
import { liveHolder } from '../../lib/kube/lease.ts'
import { serverClock } from '../../lib/kube/server-clock.ts'
import { LEASE_NAME, controllerRunning } from './controller.ts'
import { listFaults } from './fault-store.ts'

/**
 * Throws `controller-running` where somebody acts on the namespace, and `faults-open` where somebody left a Fault that
 * is not healed: a run there would be judged by another's faults. Changes nothing.
 */
export const requireIdle = async (kube: Kube, namespace: string): Promise<void> => {
  const clock = await serverClock(kube)
  const other = await reaching(kube, liveHolder({ kube, namespace, name: LEASE_NAME, clock }))
  if (other !== null) throw controllerRunning(namespace, other)
  const open = (await faultsIn(kube, namespace)).filter((fault) => !isHealed(phaseOf(fault)))
  if (open.length === 0) return
  throw new UserError({
    code: 'faults-open',
    message: `expected no fault to be in force in ${namespace}, found ${open.map((fault) => `${fault.metadata.name} (${phaseOf(fault)})`).join(', ')}`,
    hint: 'heal what an earlier run left with `firedrill heal`, which takes the same --name or --kubeconfig',
  })
}

// --- Internal helpers ---

/** A cluster without the CRD has no Faults. */
const faultsIn = async (kube: Kube, namespace: string) => {
  try {
    return await listFaults(kube, namespace)
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}
