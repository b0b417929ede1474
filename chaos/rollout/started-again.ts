import type { ActContext } from '../../lib/core/fault.ts'
import type { FaultEvidence } from '../../lib/core/fault-resource.ts'
import { newPods, type Rollout, seen } from './rollout.ts'

/** New pods that are not ready and were started again; `what` says why that was: "were killed before they had started". */
export const startedAgain = async (
  { plan, kube }: Pick<ActContext<Rollout>, 'plan' | 'kube'>,
  what: string,
): Promise<FaultEvidence> => {
  const pods = newPods(await kube.servingPods(), plan)
  const again = pods.filter(({ ready, restarts = 0 }) => !ready && restarts > 0)
  const reason = `${again.length} of ${pods.length} new pods ${what}`
  return { bit: again.length > 0, reason, facts: { pods: seen(pods) } }
}
