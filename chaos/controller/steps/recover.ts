import type { FaultResource, FaultStatus } from '../../../lib/core/fault-resource.ts'
import type { ServingState } from '../serving.ts'
import { actorOf, iso, verdict } from './acting.ts'
import type { StepContext } from './context.ts'

/** One look: Recovered once the serving pods are all ready again, and no rollout that was not there before is about to replace them. */
export const recover = async ({ record, target, clock, onEvent }: StepContext, fault: FaultResource): Promise<void> => {
  const { ready, wanted, over } = recovery(await target.serving(fault), fault.status)
  if (!over) return
  const message = `${verdict(fault.status?.evidence)}; ${ready} of ${wanted} serving pods are ready`
  await record.write(fault, () => ({ phase: 'Recovered', recovered: iso(clock.now()), message }))
  await onEvent({ actor: actorOf(fault), phase: 'ok', what: 'recover', value: { ready, wanted } })
}

/** How far it is: `planned` is how many replicas there were to be, and whether no rollout was under way, when the fault was planned. */
export const recovery = (
  { pods, ready, replicas, settled }: ServingState,
  planned: Pick<FaultStatus, 'replicas' | 'settled'> = {},
) => {
  // Without a pod there is no owner to ask.
  const wanted = pods.length === 0 ? (planned.replicas ?? 1) : replicas
  // Pods of a template that was taken back may all be ready, and about to go.
  // One that stood half-way before the fault (a canary's partition, OnDelete, stuck) may stand so for ever.
  return { ready, wanted, over: ready >= wanted && (settled !== false || planned.settled === false) }
}
