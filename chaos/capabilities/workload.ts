import { servingContainer } from '../../lib/core/serving-container.ts'
import { defineCapability } from '../controller/capability.ts'
import { autoscalerOf } from '../controller/kube/autoscaler.ts'
import { type Owner, ownersOf, revisionOf } from '../controller/kube/owner.ts'
import { readWorkload } from '../controller/kube/workload-store.ts'
import { unrest } from '../rollout/at-rest.ts'
import { takenAtOnce } from '../rollout/document.ts'

/** The one Deployment or StatefulSet behind the serving pods, at rest and nobody else's to change. */
export default defineCapability({
  name: 'workload',
  summary: 'one Deployment or StatefulSet at rest that owns all serving pods',
  needs: [
    'pods:list',
    'replicasets.apps:get',
    'deployments.apps:get',
    'statefulsets.apps:get',
    'horizontalpodautoscalers.autoscaling:list',
  ],

  async ask({ kube, namespace, selector }) {
    const refuse = (found: string) => {
      const reason = `expected one Deployment or StatefulSet at rest to own the serving pods ("${selector}" in ${namespace}), found ${found}`
      return { ok: false, reason } as const
    }
    const { items } = await kube.core.listNamespacedPod({ namespace, labelSelector: selector })
    const pods = items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    const owners = await ownersOf(kube, namespace, pods)
    const [owner = null] = owners
    if (owners.length !== 1 || owner === null) return refuse(named(owners))
    const { kind, name, uid } = owner
    if (kind !== 'Deployment' && kind !== 'StatefulSet') return refuse(named(owners))
    const document = await readWorkload(kube, namespace, { kind, name })
    if (document === null || document.metadata.uid !== uid) return refuse(`${kind} ${name} gone`)
    const trouble = unrest(document)
    if (trouble !== null) return refuse(`${kind} ${name}: ${trouble}`)
    const container = servingContainer(document.spec.template)
    if (container === null)
      return refuse(
        `${kind} ${name} with several containers, of which none is told apart by a GPU or by kubectl.kubernetes.io/default-container`,
      )
    const { image, command, args, env, ports, startupProbe, readinessProbe, livenessProbe } = container
    const engine = { container: container.name, image, command, args, env, ports }
    const probes = { startupProbe, readinessProbe, livenessProbe }
    return {
      ok: true,
      kind,
      name,
      uid,
      ...engine,
      ...probes,
      replicas: document.spec.replicas,
      revision: pods.map(revisionOf)[0] ?? '',
      atOnce: takenAtOnce(kind, document),
      autoscaler: await autoscalerOf(kube, namespace, owner),
    }
  },
})

// --- Internal helpers ---

const named = (owners: readonly (Owner | null)[]): string => {
  const names = owners.map((owner) => (owner === null ? 'pods that nobody owns' : `${owner.kind} ${owner.name}`))
  return names.length === 0 ? 'no pods' : names.join(' and ')
}
