import { UserError } from '../../../lib/core/errors.ts'
import type { AnyFault } from '../../../lib/core/fault.ts'
import { type Kube, orNull } from '../../../lib/kube/client.ts'

/** Throws `target-paused` where somebody has paused a rollout of the serving pods: what breaks pods then meets a change half made. */
export const requireNotPaused = async (
  kube: Kube,
  { namespace, selector, blast }: { namespace: string; selector: string; blast: AnyFault['blast'] },
): Promise<void> => {
  if (!TAKES_PODS.has(blast)) return
  for (const name of await deploymentsOf(kube, namespace, selector)) {
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

const deploymentsOf = async (kube: Kube, namespace: string, selector: string): Promise<string[]> => {
  const { items } = await kube.core.listNamespacedPod({ namespace, labelSelector: selector })
  const replicaSets = owners(items, 'ReplicaSet')
  const found = await Promise.all(
    replicaSets.map((name) => orNull(kube.apps.readNamespacedReplicaSet({ namespace, name }))),
  )
  return owners(
    found.flatMap((one) => one ?? []),
    'Deployment',
  )
}

interface Owned {
  metadata?: { ownerReferences?: { kind: string; name: string; controller?: boolean }[] }
}

const owners = (objects: readonly Owned[], kind: string): string[] => {
  const all = objects.flatMap(({ metadata }) => metadata?.ownerReferences ?? [])
  return [...new Set(all.filter((owner) => owner.controller && owner.kind === kind).map(({ name }) => name))]
}
