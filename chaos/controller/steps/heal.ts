import { errorMessage } from '../../../lib/core/errors.ts'
import type { FaultResource, FaultStatus } from '../../../lib/core/fault-resource.ts'
import { actContext, actorOf, definitionOf, iso, verdict } from './acting.ts'
import type { StepContext } from './context.ts'

/** One attempt; throws where something is left, and is asked again. */
export const heal = async (context: StepContext, fault: FaultResource): Promise<void> => {
  const { record, clock, onEvent, signal } = context
  const actor = actorOf(fault)
  const healing = await record.write(fault, ({ message = '' }) => ({ phase: 'Healing', message }))
  if (healing === null) return
  await onEvent({ actor, phase: 'invoke', what: 'heal', value: healing.status?.plan })
  try {
    await definitionOf(context, healing).heal(actContext(context, healing, signal))
  } catch (error) {
    await onEvent({ actor, phase: 'fail', what: 'heal', value: errorMessage(error) })
    await record.write(fault, () => ({ message: `not healed yet: ${errorMessage(error)}` }))
    throw error
  }
  await record.write(fault, (status) => ({ ...ending(status), healed: iso(clock.now()) }))
  await onEvent({ actor, phase: 'ok', what: 'heal', value: healing.status?.error ?? null })
}

// --- Internal helpers ---

const ending = ({ error, evidence }: FaultStatus): Partial<FaultStatus> => {
  if (error !== undefined) return { phase: 'Failed', message: `failed and healed: ${error}` }
  const seen = evidence ?? { bit: false, reason: 'it ended before it could be verified', facts: {} }
  return { phase: 'Healed', evidence: seen, message: `healed; ${verdict(seen)}` }
}
