import { errorMessage } from '../../../lib/core/errors.ts'
import type { FaultEvidence, FaultResource } from '../../../lib/core/fault-resource.ts'
import { actContext, actorOf, definitionOf, iso } from './acting.ts'
import type { StepContext } from './context.ts'

const TIMEOUT_MS = 5_000

/**
 * Asks the fault whether it bites, and writes down the first time that it did, with the numbers. Where the fault has ended before
 * it answers, what is known of it stays.
 */
export const verify = async (context: StepContext, fault: FaultResource, ended: Promise<null>): Promise<void> => {
  const before = fault.status?.evidence
  const evidence = await ask(context, fault, ended)
  if (evidence === null) return
  // Once bitten, the evidence stays: a fault that fades later did bite.
  if (before?.bit === true && !evidence.bit) return
  if (evidence.reason === before?.reason) return
  const first = evidence.bit && before?.bit !== true
  await context.record.write(fault, () => ({
    evidence,
    message: evidence.reason,
    ...(first ? { effective: iso(context.clock.now()) } : {}),
  }))
  const event = { actor: actorOf(fault), what: 'verify', value: evidence }
  if (first) await context.onEvent({ ...event, phase: 'ok' })
  else if (before === undefined) await context.onEvent({ ...event, phase: 'info' })
}

// --- Internal helpers ---

/** No answer in time is an answer: it was not seen to bite. */
const ask = async (context: StepContext, fault: FaultResource, ended: Promise<null>): Promise<FaultEvidence | null> => {
  const over = new AbortController()
  const signal = AbortSignal.any([context.signal, over.signal])
  const late = context.clock.sleep(TIMEOUT_MS, signal).then((): never => {
    over.abort()
    throw new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)
  })
  try {
    return await Promise.race([definitionOf(context, fault).verify(actContext(context, fault, signal)), late, ended])
  } catch (error) {
    context.signal.throwIfAborted()
    return { bit: false, reason: `could not be verified: ${errorMessage(error)}`, facts: {} }
  } finally {
    over.abort()
  }
}
