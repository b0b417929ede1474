import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import type { ExecCalls } from '../../../lib/core/fault-kube/exec.ts'
import { type Kube, orNull } from '../../../lib/kube/client.ts'
import { execCommand } from '../../../lib/kube/exec.ts'

/** Of one command, its connection included. */
const TIMEOUT_MS = 15_000

export const execCalls = (kube: Kube, { metadata: { namespace } }: FaultResource): ExecCalls => ({
  // The API has no precondition for exec. Between the look and the command a name passes to another pod only where pods have
  // fixed names (StatefulSets), and there the old one is deleted first, which the look sees.
  async exec({ name, uid, container }, command) {
    const pod = await orNull(kube.core.readNamespacedPod({ namespace, name }))
    if (pod === null || pod.metadata?.uid !== uid || pod.metadata.deletionTimestamp !== undefined) return null
    const status = pod.status?.containerStatuses?.find((known) => known.name === container)
    if (status?.state?.running === undefined) return null
    return execCommand(kube, { namespace, pod: name, container, command, timeoutMs: TIMEOUT_MS })
  },
})
