import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import type { ServingState } from '../serving.ts'
import { actorOf, iso, verdict } from './acting.ts'
import type { StepContext } from './context.ts'

/** One look: Recovered once the serving pods are all ready again, and no rollout is about to replace them. */
export const recover = async ({ record, target, clock, onEvent }: StepContext, fault: FaultResource): Promise<void> => {
  const { ready, wanted, over } = recovery(await target.serving(fault), fault.status?.replicas)
  if (!over) return
  const message = `${verdict(fault.status?.evidence)}; ${ready} of ${wanted} serving pods are ready`
  await record.write(fault, () => ({ phase: 'Recovered', recovered: iso(clock.now()), message }))
  await onEvent({ actor: actorOf(fault), phase: 'ok', what: 'recover', value: { ready, wanted } })
}

/** How far it is: `planned` is how many replicas there were to be when the fault was planned. */
export const recovery = ({ pods, ready, replicas, settled }: ServingState, planned = 1) => {
  // Without a pod there is no owner to ask.
  const wanted = pods.length === 0 ? planned : replicas
  // Pods of a template that was taken back may all be ready, and about to go.
  return { ready, wanted, over: ready >= wanted && settled !== false }
}
