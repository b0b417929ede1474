import { z } from 'zod'
import { missing } from '../../lib/core/capability.ts'
import { UserError, errorMessage } from '../../lib/core/errors.ts'
import type { AnyFault, Planned } from '../../lib/core/fault.ts'
import { FAULT_FINALIZER, type FaultResource, RUN_LABEL } from '../../lib/core/fault-resource.ts'
import { seededRandom } from '../../lib/core/random.ts'
import { isTransient } from '../../lib/kube/client.ts'
import type { Context } from './context.ts'
import { faultId, faultKube } from './fault-kube.ts'
import { updateMetadata, updateStatus } from './fault-store.ts'
import { tooMuch } from './blast-radius.ts'
import { requireAllowed } from './safety.ts'
import { type ServingState, servingState } from './serving.ts'
import { snapshotTarget } from './snapshot.ts'

/** Finalizer first, then the plan, written before anything is touched; or Failed, with the reason. */
export const plan = async (context: Context, fault: FaultResource): Promise<void> => {
  const { kube, clock } = context
  const held = await updateMetadata(kube, fault, ({ finalizers = [] }) => ({
    finalizers: [...new Set([...finalizers, FAULT_FINALIZER])],
  }))
  if (held === null) return
  const actor = actorOf(fault)
  await context.onEvent({ actor, phase: 'invoke', what: 'plan', value: fault.spec })
  const planned = await makePlan(context, fault)
  if (!planned.ok) return refuse(context, fault, planned.reason)
  // As it will be read back: a plan that JSON cannot carry is found now.
  const record: Record<string, unknown> = z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(JSON.stringify(planned.plan)))
  const { unavailable, replicas } = planned
  await updateStatus(kube, fault, () => ({
    phase: 'Planned',
    plan: record,
    planned: iso(clock.now()),
    replicas,
    unavailable,
    message: 'planned',
  }))
  await context.onEvent({ actor, phase: 'ok', what: 'plan', value: record })
}

/** Nothing was touched: ends at once. */
export const refuse = async (context: Context, fault: FaultResource, reason: string): Promise<void> => {
  await updateStatus(context.kube, fault, () => ({ phase: 'Failed', error: reason, message: `refused: ${reason}` }))
  await context.onEvent({ actor: actorOf(fault), phase: 'fail', what: 'plan', value: reason })
}

/**
 * From Planned to Active. The phase Injecting is written before the first change; what goes wrong after it is healed
 * and ends as Failed. `interrupt` is the wish to end the fault while it is still being injected.
 */
export const inject = async (context: Context, fault: FaultResource, interrupt: AbortSignal): Promise<void> => {
  const { kube, clock, onEvent } = context
  const actor = actorOf(fault)
  const refusal = await refusalNow(context, fault)
  if (refusal !== null) return undo(context, fault, refusal)
  const injected = iso(clock.now())
  const written = await updateStatus(kube, fault, () => ({ phase: 'Injecting', injected, message: 'injecting' }))
  if (written === null) return
  await onEvent({ actor, phase: 'invoke', what: 'inject', value: fault.status?.plan })
  try {
    const signal = AbortSignal.any([context.signal, interrupt])
    signal.throwIfAborted()
    await definitionOf(context, fault).inject(actContext(context, written, signal))
  } catch (error) {
    // The end of our term: the next controller finds Injecting, and heals.
    if (context.signal.aborted) throw error
    const reason = interrupt.aborted ? 'ended during the injection' : errorMessage(error)
    await onEvent({ actor, phase: 'fail', what: 'inject', value: reason })
    return undo(context, written, reason)
  }
  await updateStatus(kube, fault, () => ({ phase: 'Active', message: 'injected, not seen to bite yet' }))
  await onEvent({ actor, phase: 'ok', what: 'inject', value: { injected } })
}

/** On to Healing, with the reason why it will end as Failed. */
export const undo = async ({ kube }: Context, fault: FaultResource, reason: string): Promise<void> => {
  await updateStatus(kube, fault, () => ({ phase: 'Healing', error: reason, message: `healing: ${reason}` }))
}

export const actorOf = ({ metadata: { name } }: FaultResource): string => `fault/${name}`

export const iso = (ms: number): string => new Date(ms).toISOString()

export const definitionOf = ({ faults }: Context, { spec: { kind } }: FaultResource): AnyFault => {
  const found = Object.hasOwn(faults, kind) ? faults[kind] : undefined
  if (found !== undefined) return found
  throw new Error(`expected a fault (${Object.keys(faults).join(', ')}), found "${kind}"`)
}

export const actContext = (context: Context, fault: FaultResource, signal: AbortSignal) => ({
  plan: fault.status?.plan,
  kube: faultKube(context.kube, fault),
  observe: context.observe,
  injectedAt: Date.parse(fault.status?.injected ?? '') || context.clock.now(),
  clock: context.clock,
  signal,
})

// --- Internal helpers ---

type Answer = (Planned<unknown> & { ok: true; replicas: number }) | { ok: false; reason: string }

const makePlan = async (context: Context, fault: FaultResource): Promise<Answer> => {
  const { kube, observe, clock } = context
  const { namespace } = fault.metadata
  const { params, target, durationSeconds, seed, maxUnavailable } = fault.spec
  try {
    const definition = definitionOf(context, fault)
    const parsed = definition.params.safeParse(params)
    if (!parsed.success) return { ok: false, reason: `params of ${definition.name}: ${z.prettifyError(parsed.error)}` }
    await requireAllowed(kube, namespace)
    const state = await servingState(kube, namespace, target.selector)
    const run = fault.metadata.labels?.[RUN_LABEL] ?? null
    const asking = { kube, namespace, selector: target.selector, pods: state.pods, observe, run }
    const snapshot = await snapshotTarget(asking, definition)
    const unmet = missing(definition.requires, snapshot.can)
    if (unmet !== null) return { ok: false, reason: unmet }
    const planned = definition.plan({
      params: parsed.data,
      target: snapshot,
      random: seededRandom(seed),
      id: faultId(fault),
      now: clock.now(),
      durationMs: durationSeconds * 1_000,
    })
    if (!planned.ok) return planned
    const refusal = tooMuch({ ...state, planned: planned.unavailable, maxUnavailable })
    return refusal === null ? { ...planned, replicas: state.replicas } : { ok: false, reason: refusal }
  } catch (error) {
    if (isTransient(error)) throw error
    const hint = error instanceof UserError ? `; ${error.hint}` : ''
    return { ok: false, reason: errorMessage(error) + hint }
  }
}

/** Asked again at the moment of injection: time has passed since the plan. */
const refusalNow = async ({ kube }: Context, { metadata: { namespace }, spec, status }: FaultResource) => {
  try {
    await requireAllowed(kube, namespace)
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  const { ready, replicas }: ServingState = await servingState(kube, namespace, spec.target.selector)
  return tooMuch({ ready, replicas, planned: status?.unavailable ?? 0, maxUnavailable: spec.maxUnavailable })
}
