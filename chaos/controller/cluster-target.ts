import type { Clock } from '../../lib/core/clock.ts'
import type { Observer } from '../../lib/core/fault.ts'
import { RUN_LABEL } from '../../lib/core/fault-resource.ts'
import { type Kube, isTransient } from '../../lib/kube/client.ts'
import { faultKube } from './fault-kube.ts'
import { answering, needsOf } from './needs.ts'
import { ChargedPod } from './refusals/charge.ts'
import { requireNotPaused } from './refusals/paused.ts'
import { requirePermitted } from './refusals/permission.ts'
import { requireQuota } from './refusals/quota.ts'
import { rehearse } from './refusals/rehearsal.ts'
import { requireAllowed } from './safety.ts'
import { servingState } from './serving.ts'
import { snapshotTarget } from './snapshot.ts'
import type { FaultTarget } from './steps/context.ts'

/** A real cluster, asked through its API server. */
export const clusterTarget = ({ kube, observe, clock }: ClusterTarget): FaultTarget => ({
  async requireAllowed({ metadata: { namespace }, spec: { target } }, { blast }) {
    await requireAllowed(kube, namespace)
    await requireNotPaused(kube, { namespace, selector: target.selector, blast })
  },
  requirePermitted: ({ metadata: { namespace }, spec: { kind } }, definition, can) =>
    requirePermitted(kube, { namespace, kind, needs: needsOf(definition, answering(can)) }),
  serving: ({ metadata: { namespace }, spec: { target } }) => servingState(kube, namespace, target.selector),
  snapshot: ({ metadata, spec: { target } }, definition, { pods }) => {
    const { namespace, labels: { [RUN_LABEL]: run = null } = {} } = metadata
    return snapshotTarget({ kube, namespace, selector: target.selector, pods, observe, run }, definition)
  },
  async rehearse(fault, definition, { plan, unavailable }) {
    const { metadata, spec } = fault
    const { created } = await rehearse({ kube, observe, clock, fault, definition, plan })
    const replaced = unavailable === 0 ? [] : await servingCharges(kube, metadata.namespace, spec.target.selector)
    if (created.length + replaced.length > 0) await requireQuota(kube, metadata.namespace, { created, replaced })
  },
  kube: (fault) => faultKube(kube, fault),
  isTransient,
})

// --- Internal helpers ---

interface ClusterTarget {
  kube: Kube
  observe: Observer
  clock: Clock
}

const servingCharges = async (kube: Kube, namespace: string, labelSelector: string): Promise<ChargedPod[]> =>
  (await kube.core.listNamespacedPod({ namespace, labelSelector })).items.map((pod) => ChargedPod.parse(pod))
