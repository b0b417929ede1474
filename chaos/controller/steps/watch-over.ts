import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import { overstepping } from '../overstepping.ts'
import { actorOf } from './acting.ts'
import type { StepContext } from './context.ts'
import { undo } from './inject.ts'
import { verify } from './verify.ts'

/** One look at a fault in force: does it bite, and does it take more than it may? Then it ends at once. */
export const watchOver = async (context: StepContext, fault: FaultResource): Promise<void> => {
  const { target, clock, onEvent } = context
  const [state] = await Promise.all([target.serving(fault), verify(context, fault)])
  const reason = guardOf(context, fault)(state, clock.now())
  if (reason === null) return
  await onEvent({ actor: actorOf(fault), phase: 'fail', what: 'unavailable', value: reason })
  await undo(context, fault, reason)
}

// --- Internal helpers ---

type Guard = ReturnType<typeof overstepping>

/** Of each fault in force, for as long as our term lasts: the next controller counts anew. */
const guards = new WeakMap<StepContext, Map<string, Guard>>()

const guardOf = (context: StepContext, { metadata: { uid = '' }, spec }: FaultResource): Guard => {
  const own = guards.get(context) ?? new Map<string, Guard>()
  guards.set(context, own)
  const guard = own.get(uid) ?? overstepping(spec.maxUnavailable)
  own.set(uid, guard)
  return guard
}
