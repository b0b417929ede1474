import { MAX_TIMER_MS } from '../../../lib/core/clock.ts'
import { UserError, errorMessage } from '../../../lib/core/errors.ts'
import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import { tooMuch } from '../blast-radius.ts'
import { endOf } from '../decide.ts'
import { actContext, actorOf, definitionOf, iso } from './acting.ts'
import type { StepContext } from './context.ts'

/**
 * What an injection may take beyond the fault's own time: then whatever it waits for ends, and the heal is due. A command in a container
 * (15 s) or a call of the API that is under way ends first.
 */
const LATE_MS = 3_000

/**
 * From Planned to Active. The phase Injecting is written before the first change; what goes wrong after it is healed
 * and ends as Failed. `interrupt` is the wish to end the fault while it is still being injected.
 */
export const inject = async (context: StepContext, fault: FaultResource, interrupt: AbortSignal): Promise<void> => {
  const { record, clock, onEvent } = context
  const actor = actorOf(fault)
  const refusal = await refusalNow(context, fault)
  if (refusal !== null) return undo(context, fault, refusal)
  const injected = iso(clock.now())
  const written = await record.write(fault, () => ({ phase: 'Injecting', injected, message: 'injecting' }))
  if (written === null) return
  await onEvent({ actor, phase: 'invoke', what: 'inject', value: fault.status?.plan })
  const [late, done] = [new AbortController(), new AbortController()]
  const left = Math.max(0, endOf(written, injected) + LATE_MS - clock.now())
  void clock.sleep(Math.min(MAX_TIMER_MS, left), done.signal).then(() => late.abort())
  try {
    const signal = AbortSignal.any([context.signal, interrupt, late.signal])
    signal.throwIfAborted()
    await definitionOf(context, fault).inject(actContext(context, written, signal))
  } catch (error) {
    // The end of our term: the next controller finds Injecting, and heals.
    if (context.signal.aborted) throw error
    const reason = interrupt.aborted ? 'ended during the injection' : failure(error, late.signal)
    await onEvent({ actor, phase: 'fail', what: 'inject', value: reason })
    return undo(context, written, reason)
  } finally {
    done.abort()
  }
  await record.write(fault, () => ({ phase: 'Active', message: 'injected, not seen to bite yet' }))
  await onEvent({ actor, phase: 'ok', what: 'inject', value: { injected } })
}

/** On to Healing, with the reason why it will end as Failed. */
export const undo = async ({ record }: StepContext, fault: FaultResource, reason: string): Promise<void> => {
  await record.write(fault, () => ({ phase: 'Healing', error: reason, message: `healing: ${reason}` }))
}

// --- Internal helpers ---

/** Where it was too late: also what it waited for, or what went wrong. */
const failure = (error: unknown, late: AbortSignal): string => {
  if (!late.aborted) return errorMessage(error)
  const tooLate = 'its time was over before it was injected'
  return error === late.reason ? tooLate : `${tooLate}: ${errorMessage(error)}`
}

/** Asked again at the moment of injection: time has passed since the plan. */
const refusalNow = async (context: StepContext, fault: FaultResource): Promise<string | null> => {
  const { target } = context
  try {
    await target.requireAllowed(fault, definitionOf(context, fault))
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  const state = await target.serving(fault)
  const { status, spec } = fault
  return tooMuch({ state, planned: status?.unavailable ?? 0, maxUnavailable: spec.maxUnavailable })
}
