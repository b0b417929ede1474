import { errorMessage } from '../../lib/core/errors.ts'
import type { FaultEvidence, FaultResource, FaultStatus } from '../../lib/core/fault-resource.ts'
import { FAULT_FINALIZER } from '../../lib/core/fault-resource.ts'
import { actContext, actorOf, definitionOf, iso } from './begin.ts'
import type { Context } from './context.ts'
import { updateMetadata, updateStatus } from './fault-store.ts'
import { servingState } from './serving.ts'

const VERIFY_TIMEOUT_MS = 5_000

/** Asks the fault whether it bites, and writes down the first time that it did, with the numbers. */
export const verify = async (context: Context, fault: FaultResource): Promise<void> => {
  const before = fault.status?.evidence
  const evidence = await ask(context, fault)
  // Once bitten, the evidence stays: a fault that fades later did bite.
  if (before?.bit === true && !evidence.bit) return
  if (evidence.reason === before?.reason) return
  const first = evidence.bit && before?.bit !== true
  await updateStatus(context.kube, fault, () => ({
    evidence,
    message: evidence.reason,
    ...(first ? { effective: iso(context.clock.now()) } : {}),
  }))
  const event = { actor: actorOf(fault), what: 'verify', value: evidence }
  if (first) await context.onEvent({ ...event, phase: 'ok' })
  else if (before === undefined) await context.onEvent({ ...event, phase: 'info' })
}

/** One attempt; throws where something is left, and is asked again. */
export const heal = async (context: Context, fault: FaultResource): Promise<void> => {
  const { kube, clock, onEvent, signal } = context
  const actor = actorOf(fault)
  const healing = await updateStatus(kube, fault, ({ message = '' }) => ({ phase: 'Healing', message }))
  if (healing === null) return
  await onEvent({ actor, phase: 'invoke', what: 'heal', value: healing.status?.plan })
  try {
    await definitionOf(context, healing).heal(actContext(context, healing, signal))
  } catch (error) {
    await onEvent({ actor, phase: 'fail', what: 'heal', value: errorMessage(error) })
    await updateStatus(kube, fault, () => ({ message: `not healed yet: ${errorMessage(error)}` }))
    throw error
  }
  await updateStatus(kube, fault, (status) => ({ ...ending(status), healed: iso(clock.now()) }))
  await onEvent({ actor, phase: 'ok', what: 'heal', value: healing.status?.error ?? null })
}

/** True once the serving pods are all ready again. */
export const recover = async (context: Context, fault: FaultResource): Promise<void> => {
  const { kube, clock, onEvent } = context
  const { namespace } = fault.metadata
  const { pods, ready, replicas } = await servingState(kube, namespace, fault.spec.target.selector)
  // Without a pod there is no owner to ask.
  const wanted = pods.length === 0 ? (fault.status?.replicas ?? 1) : replicas
  if (ready < wanted) return
  const message = `${verdict(fault.status?.evidence)}; ${ready} of ${wanted} serving pods are ready`
  await updateStatus(kube, fault, () => ({ phase: 'Recovered', recovered: iso(clock.now()), message }))
  await onEvent({ actor: actorOf(fault), phase: 'ok', what: 'recover', value: { ready, wanted } })
}

/** Lets the API server delete the object. */
export const release = async ({ kube }: Context, fault: FaultResource): Promise<void> => {
  await updateMetadata(kube, fault, ({ finalizers = [] }) => ({
    finalizers: finalizers.filter((finalizer) => finalizer !== FAULT_FINALIZER),
  }))
}

// --- Internal helpers ---

const ask = async (context: Context, fault: FaultResource): Promise<FaultEvidence> => {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(VERIFY_TIMEOUT_MS)])
  const late = new Promise<never>((_, reject) => {
    const give = (): void => reject(new Error(`no answer within ${VERIFY_TIMEOUT_MS / 1_000} s`))
    signal.addEventListener('abort', give, { once: true })
  })
  try {
    return await Promise.race([definitionOf(context, fault).verify(actContext(context, fault, signal)), late])
  } catch (error) {
    context.signal.throwIfAborted()
    return { bit: false, reason: `could not be verified: ${errorMessage(error)}`, facts: {} }
  }
}

const ending = ({ error, evidence }: FaultStatus): Partial<FaultStatus> => {
  if (error !== undefined) return { phase: 'Failed', message: `failed and healed: ${error}` }
  const seen = evidence ?? { bit: false, reason: 'it ended before it could be verified', facts: {} }
  return { phase: 'Healed', evidence: seen, message: `healed; ${verdict(seen)}` }
}

const verdict = (evidence: FaultEvidence | undefined): string =>
  `${evidence?.bit === true ? 'it bit' : 'it did not bite'}: ${evidence?.reason ?? 'nothing was seen'}`
