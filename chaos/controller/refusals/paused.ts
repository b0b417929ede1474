import { UserError } from '../../../lib/core/errors.ts'
import type { AnyFault } from '../../../lib/core/fault.ts'
import { type Kube, orNull } from '../../../lib/kube/client.ts'
import { ownersOf } from '../kube/owner.ts'

/** Throws `target-paused` where somebody has paused a rollout of the serving pods: what breaks pods then meets a change half made. */
export const requireNotPaused = async (
  kube: Kube,
  { namespace, selector, blast }: { namespace: string; selector: string; blast: AnyFault['blast'] },
): Promise<void> => {
  if (!TAKES_PODS.has(blast)) return
  const { items } = await kube.core.listNamespacedPod({ namespace, labelSelector: selector })
  const owners = await ownersOf(kube, namespace, items)
  for (const owner of owners) {
    if (owner?.kind !== 'Deployment') continue
    const { name } = owner
    const found = await orNull(kube.apps.readNamespacedDeployment({ namespace, name }))
    if (found?.spec?.paused !== true) continue
    throw new UserError({
      code: 'target-paused',
      message: `expected no rollout of the serving pods to be under way, found Deployment ${name} in ${namespace} paused`,
      hint: `let it go on with: kubectl rollout resume deployment/${name} --namespace ${namespace}`,
    })
  }
}

// --- Internal helpers ---

const TAKES_PODS: ReadonlySet<AnyFault['blast']> = new Set(['pod', 'workload', 'node'])
