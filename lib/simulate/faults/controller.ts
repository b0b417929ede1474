import { z } from 'zod'
import { tooMuch } from '../../../chaos/controller/blast-radius.ts'
import { type Decision, decide } from '../../../chaos/controller/decide.ts'
import { errorMessage, unreachable } from '../../core/errors.ts'
import type { Event } from '../../core/event.ts'
import type { AnyFault, FaultKube, FaultRegistry, Observer, TargetSnapshot } from '../../core/fault.ts'
import { FAULT_API_VERSION, type FaultResource, type FaultStatus, phaseOf } from '../../core/fault-resource.ts'
import { seededRandom } from '../../core/random.ts'
import type { Clockwork } from '../clockwork.ts'

export interface SimulatedController {
  /** Takes a fault as the API server does; the object changes as the fault goes on. */
  create(fault: Pick<FaultResource, 'metadata' | 'spec'>): FaultResource
  readonly faults: readonly FaultResource[]
  /** Ends what is open; resolves when nothing is in force any more. */
  healAll(): Promise<void>
}

export interface ControllerOptions {
  clock: Clockwork
  registry: FaultRegistry
  kube: FaultKube
  observe: Observer
  /** The target now, and how many serving pods it asks for. */
  snapshot(): Promise<TargetSnapshot>
  replicas: number
  onEvent(event: Pick<Event, 'actor' | 'phase' | 'what' | 'value'>): void
}

/** Between two looks, as chaos/controller/worker.ts has them. */
const VERIFY_MS = 1_000
const BITTEN_MS = 5_000
const RECOVER_MS = 500
/** From an object that changed to the controller's next act: a watch, a read, a write; as measured on the embedded cluster. */
const ACT_MS = 60

/**
 * The fault controller on simulated time: the same faults, decided by the same rule (chaos/controller/decide.ts), with the
 * status in memory instead of in an API server.
 */
export const createController = (options: ControllerOptions): SimulatedController => {
  const { clock } = options
  const faults: FaultResource[] = []
  const workers: Promise<void>[] = []
  const ending = new AbortController()
  return {
    faults,
    create: ({ metadata, spec }) => {
      const creationTimestamp = new Date(Math.floor(clock.now() / 1_000) * 1_000).toISOString()
      const fault: FaultResource = {
        apiVersion: FAULT_API_VERSION,
        kind: 'Fault',
        metadata: { ...metadata, creationTimestamp },
        spec,
        status: { phase: 'Pending' },
      }
      faults.push(fault)
      workers.push(work(options, fault, ending.signal))
      return fault
    },
    healAll: async () => {
      ending.abort()
      await Promise.all(workers)
    },
  }
}

// --- Internal helpers ---

const work = async (options: ControllerOptions, fault: FaultResource, ending: AbortSignal): Promise<void> => {
  const { clock } = options
  await clock.sleep(ACT_MS)
  for (;;) {
    const decision = decide(fault, { now: clock.now(), healOnly: ending.aborted })
    if (decision.act === 'rest' || decision.act === 'release') return
    // What is healed has no need of somebody who waits for its pods.
    if (decision.act === 'recover' && ending.aborted) return
    await carryOut(options, fault, decision, ending)
    await clock.sleep(pauseAfter(fault, clock.now()), ending)
  }
}

const pauseAfter = (fault: FaultResource, now: number): number => {
  const { status, spec } = fault
  const phase = phaseOf(fault)
  if (phase === 'Healed') return RECOVER_MS
  if (phase !== 'Active') return ACT_MS
  const until = Date.parse(status?.injected ?? '') + spec.durationSeconds * 1_000 - now
  return Math.max(1, Math.min(until, status?.evidence?.bit === true ? BITTEN_MS : VERIFY_MS))
}

const carryOut = async (
  options: ControllerOptions,
  fault: FaultResource,
  decision: Decision,
  ending: AbortSignal,
): Promise<void> => {
  switch (decision.act) {
    case 'plan':
      return plan(options, fault)
    case 'inject':
      return inject(options, fault, ending)
    case 'verify':
      return verify(options, fault)
    case 'heal':
      return heal(options, fault)
    case 'recover':
      return recover(options, fault)
    case 'refuse':
      return fail(options, fault, decision.reason)
    case 'undo':
      return update(fault, { phase: 'Healing', error: decision.reason, message: `healing: ${decision.reason}` })
    case 'release':
    case 'rest':
      return
    default:
      return unreachable(decision)
  }
}

const update = (fault: FaultResource, change: Partial<FaultStatus>): void => {
  fault.status = { phase: 'Pending', ...fault.status, ...change }
}

const actorOf = ({ metadata: { name } }: FaultResource): string => `fault/${name}`
const iso = (ms: number): string => new Date(ms).toISOString()

const definitionOf = ({ registry }: ControllerOptions, { spec: { kind } }: FaultResource): AnyFault => {
  const found = registry[kind]
  if (found === undefined) throw new Error(`expected a fault (${Object.keys(registry).join(', ')}), found "${kind}"`)
  return found
}

const fail = (options: ControllerOptions, fault: FaultResource, reason: string): void => {
  update(fault, { phase: 'Failed', error: reason, message: `refused: ${reason}` })
  options.onEvent({ actor: actorOf(fault), phase: 'fail', what: 'plan', value: reason })
}

const plan = async (options: ControllerOptions, fault: FaultResource): Promise<void> => {
  const { clock, onEvent, snapshot, replicas } = options
  const actor = actorOf(fault)
  const { params, durationSeconds, seed, maxUnavailable } = fault.spec
  onEvent({ actor, phase: 'invoke', what: 'plan', value: fault.spec })
  const definition = definitionOf(options, fault)
  const parsed = definition.params.safeParse(params)
  if (!parsed.success) return fail(options, fault, `params of ${definition.name}: ${z.prettifyError(parsed.error)}`)
  const target = await snapshot()
  const planned = definition.plan({
    params: parsed.data,
    target,
    random: seededRandom(seed),
    id: `${fault.metadata.name}-${(fault.metadata.uid ?? '').slice(0, 8)}`,
    now: clock.now(),
    durationMs: durationSeconds * 1_000,
  })
  if (!planned.ok) return fail(options, fault, planned.reason)
  const ready = target.pods.filter((pod) => pod.ready).length
  const refusal = tooMuch({ replicas, ready, planned: planned.unavailable, maxUnavailable })
  if (refusal !== null) return fail(options, fault, refusal)
  const record = z.record(z.string(), z.unknown()).parse(JSON.parse(JSON.stringify(planned.plan)))
  const { unavailable } = planned
  update(fault, {
    phase: 'Planned',
    plan: record,
    planned: iso(clock.now()),
    replicas,
    unavailable,
    message: 'planned',
  })
  onEvent({ actor, phase: 'ok', what: 'plan', value: record })
}

const contextOf = ({ clock, kube, observe }: ControllerOptions, fault: FaultResource, signal: AbortSignal) => ({
  plan: fault.status?.plan,
  kube,
  observe,
  injectedAt: Date.parse(fault.status?.injected ?? '') || clock.now(),
  clock,
  signal,
})

const inject = async (options: ControllerOptions, fault: FaultResource, ending: AbortSignal): Promise<void> => {
  const { clock, onEvent } = options
  const actor = actorOf(fault)
  const injected = iso(clock.now())
  update(fault, { phase: 'Injecting', injected, message: 'injecting' })
  onEvent({ actor, phase: 'invoke', what: 'inject', value: fault.status?.plan })
  try {
    await definitionOf(options, fault).inject(contextOf(options, fault, ending))
  } catch (error) {
    const reason = errorMessage(error)
    onEvent({ actor, phase: 'fail', what: 'inject', value: reason })
    return update(fault, { phase: 'Healing', error: reason, message: `healing: ${reason}` })
  }
  update(fault, { phase: 'Active', message: 'injected, not seen to bite yet' })
  onEvent({ actor, phase: 'ok', what: 'inject', value: { injected } })
}

const NEVER = new AbortController().signal

const verify = async (options: ControllerOptions, fault: FaultResource): Promise<void> => {
  const { clock, onEvent } = options
  const before = fault.status?.evidence
  const evidence = await definitionOf(options, fault).verify(contextOf(options, fault, NEVER))
  if (before?.bit === true && !evidence.bit) return
  if (evidence.reason === before?.reason) return
  const isFirst = evidence.bit && before?.bit !== true
  update(fault, { evidence, message: evidence.reason, ...(isFirst ? { effective: iso(clock.now()) } : {}) })
  const event = { actor: actorOf(fault), what: 'verify', value: evidence }
  if (isFirst) onEvent({ ...event, phase: 'ok' })
  else if (before === undefined) onEvent({ ...event, phase: 'info' })
}

const heal = async (options: ControllerOptions, fault: FaultResource): Promise<void> => {
  const { clock, onEvent } = options
  const actor = actorOf(fault)
  update(fault, { phase: 'Healing' })
  onEvent({ actor, phase: 'invoke', what: 'heal', value: fault.status?.plan })
  await definitionOf(options, fault).heal(contextOf(options, fault, NEVER))
  const { error, evidence } = fault.status ?? {}
  const seen = evidence ?? { bit: false, reason: 'it ended before it could be verified', facts: {} }
  const healed = iso(clock.now())
  if (error === undefined) update(fault, { phase: 'Healed', healed, evidence: seen, message: `healed; ${said(seen)}` })
  else update(fault, { phase: 'Failed', healed, message: `failed and healed: ${error}` })
  onEvent({ actor, phase: 'ok', what: 'heal', value: error ?? null })
}

const recover = async (options: ControllerOptions, fault: FaultResource): Promise<void> => {
  const { clock, kube, onEvent, replicas: wanted } = options
  const ready = (await kube.servingPods()).filter((pod) => pod.ready).length
  if (ready < wanted) return
  const message = `${said(fault.status?.evidence)}; ${ready} of ${wanted} serving pods are ready`
  update(fault, { phase: 'Recovered', recovered: iso(clock.now()), message })
  onEvent({ actor: actorOf(fault), phase: 'ok', what: 'recover', value: { ready, wanted } })
}

const said = (evidence: FaultStatus['evidence']): string =>
  `${evidence?.bit === true ? 'it bit' : 'it did not bite'}: ${evidence?.reason ?? 'nothing was seen'}`
