import type { Observer } from '../../lib/core/fault.ts'
import { RUN_LABEL } from '../../lib/core/fault-resource.ts'
import { type Kube, isTransient } from '../../lib/kube/client.ts'
import { faultKube } from './fault-kube.ts'
import { requireAllowed } from './safety.ts'
import { servingState } from './serving.ts'
import { snapshotTarget } from './snapshot.ts'
import type { FaultTarget } from './steps/context.ts'

/** A real cluster, asked through its API server. */
export const clusterTarget = (kube: Kube, observe: Observer): FaultTarget => ({
  requireAllowed: ({ metadata: { namespace } }) => requireAllowed(kube, namespace),
  serving: ({ metadata: { namespace }, spec: { target } }) => servingState(kube, namespace, target.selector),
  snapshot: ({ metadata, spec: { target } }, definition, { pods }) => {
    const { namespace, labels: { [RUN_LABEL]: run = null } = {} } = metadata
    return snapshotTarget({ kube, namespace, selector: target.selector, pods, observe, run }, definition)
  },
  kube: (fault) => faultKube(kube, fault),
  isTransient,
})
