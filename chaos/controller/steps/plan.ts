import { z } from 'zod'
import { missing } from '../../../lib/core/capability.ts'
import { UserError, errorMessage } from '../../../lib/core/errors.ts'
import type { Planned } from '../../../lib/core/fault.ts'
import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import { seededRandom } from '../../../lib/core/random.ts'
import { tooMuch } from '../blast-radius.ts'
import { faultId } from '../fault-id.ts'
import type { ServingState } from '../serving.ts'
import { actorOf, definitionOf, iso } from './acting.ts'
import type { StepContext } from './context.ts'

/** Held first, then the plan, written before anything is touched; or Failed, with the reason. */
export const plan = async (context: StepContext, fault: FaultResource): Promise<void> => {
  const { record, clock, onEvent } = context
  if (!(await record.hold(fault))) return
  const actor = actorOf(fault)
  await onEvent({ actor, phase: 'invoke', what: 'plan', value: fault.spec })
  const planned = await makePlan(context, fault)
  if (!planned.ok) return refuse(context, fault, planned.reason)
  // As it will be read back: a plan that JSON cannot carry is found now.
  const written = z.record(z.string(), z.unknown()).parse(JSON.parse(JSON.stringify(planned.plan)))
  const { unavailable, replicas, settled } = planned
  await record.write(fault, () => ({
    phase: 'Planned',
    plan: written,
    planned: iso(clock.now()),
    replicas,
    ...(settled === undefined ? {} : { settled }),
    unavailable,
    message: 'planned',
  }))
  await onEvent({ actor, phase: 'ok', what: 'plan', value: written })
}

/** Nothing was touched: ends at once. */
export const refuse = async ({ record, onEvent }: StepContext, fault: FaultResource, reason: string): Promise<void> => {
  await record.write(fault, () => ({ phase: 'Failed', error: reason, message: `refused: ${reason}` }))
  await onEvent({ actor: actorOf(fault), phase: 'fail', what: 'plan', value: reason })
}

// --- Internal helpers ---

type Answer =
  (Planned<unknown> & { ok: true } & Pick<ServingState, 'replicas' | 'settled'>) | { ok: false; reason: string }

const makePlan = async (context: StepContext, fault: FaultResource): Promise<Answer> => {
  const { target, clock } = context
  const { params, durationSeconds, seed, maxUnavailable } = fault.spec
  try {
    const definition = definitionOf(context, fault)
    const parsed = definition.params.safeParse(params)
    if (!parsed.success) return { ok: false, reason: `params of ${definition.name}: ${z.prettifyError(parsed.error)}` }
    await target.requireAllowed(fault, definition)
    await target.requirePermitted(fault, definition, {})
    const state = await target.serving(fault)
    const snapshot = await target.snapshot(fault, definition, state)
    const unmet = missing(definition.requires, snapshot.can)
    if (unmet !== null) return { ok: false, reason: unmet }
    if (definition.means !== undefined) await target.requirePermitted(fault, definition, snapshot.can)
    const planned = definition.plan({
      params: parsed.data,
      target: snapshot,
      random: seededRandom(seed),
      id: faultId(fault),
      now: clock.now(),
      durationMs: durationSeconds * 1_000,
    })
    if (!planned.ok) return planned
    const refusal = tooMuch({ state, planned: planned.unavailable, maxUnavailable })
    if (refusal !== null) return { ok: false, reason: refusal }
    await target.rehearse(fault, definition, planned)
    const { replicas, settled } = state
    return { ...planned, replicas, ...(settled === undefined ? {} : { settled }) }
  } catch (error) {
    if (target.isTransient(error)) throw error
    const hint = error instanceof UserError ? `; ${error.hint}` : ''
    return { ok: false, reason: errorMessage(error) + hint }
  }
}
