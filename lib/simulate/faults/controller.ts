import { decide } from '../../../chaos/controller/decide.ts'
import { carryOut } from '../../../chaos/controller/steps/carry-out.ts'
import type { FaultRecord, FaultTarget, StepContext } from '../../../chaos/controller/steps/context.ts'
import { RECOVER_MS, verifyAgainIn } from '../../../chaos/controller/steps/pause.ts'
import type { FaultKube, FaultRegistry, Observer, TargetSnapshot } from '../../core/fault.ts'
import { FAULT_API_VERSION, type FaultResource, phaseOf } from '../../core/fault-resource.ts'
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
  snapshot(): Promise<TargetSnapshot>
  /** Serving pods that the target asks for. */
  replicas: number
  onEvent: StepContext['onEvent']
}

/** From an object that changed to the controller's next act: a watch, a read, a write; as measured on the embedded cluster. */
const ACT_MS = 40

/**
 * The fault controller on simulated time: the same faults, decided and carried out by the same code (chaos/controller/steps),
 * with the status in memory instead of in an API server.
 */
export const createController = (options: ControllerOptions): SimulatedController => {
  const { clock, registry, observe, onEvent } = options
  const faults: FaultResource[] = []
  const workers: Promise<void>[] = []
  const ending = new AbortController()
  const context: StepContext = {
    faults: registry,
    observe,
    clock,
    record: inMemory,
    target: simulatedTarget(options),
    onEvent,
    // Its term lasts as long as the simulation.
    signal: new AbortController().signal,
  }
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
      workers.push(work(context, fault, ending.signal))
      return fault
    },
    healAll: async () => {
      ending.abort()
      await Promise.all(workers)
    },
  }
}

// --- Internal helpers ---

const work = async (context: StepContext, fault: FaultResource, ending: AbortSignal): Promise<void> => {
  const { clock } = context
  await clock.sleep(ACT_MS)
  for (;;) {
    const decision = decide(fault, { now: clock.now(), healOnly: ending.aborted })
    if (decision.act === 'rest') return
    // What is healed has no need of somebody who waits for its pods.
    if (decision.act === 'recover' && ending.aborted) return
    await carryOut(context, fault, decision, ending)
    await clock.sleep(pauseAfter(fault, clock.now()), ending)
  }
}

const pauseAfter = (fault: FaultResource, now: number): number => {
  const phase = phaseOf(fault)
  if (phase === 'Healed') return RECOVER_MS
  return phase === 'Active' ? Math.max(1, verifyAgainIn(fault, now)) : ACT_MS
}

/** Nothing holds it, nobody deletes it. */
const inMemory: FaultRecord = {
  hold: async () => true,
  release: async () => {},
  write: async (fault, change) => {
    const before = fault.status ?? { phase: 'Pending' }
    fault.status = { ...before, ...change(before) }
    return fault
  },
}

const simulatedTarget = ({ kube, snapshot, replicas }: ControllerOptions): FaultTarget => ({
  requireAllowed: async () => {},
  requirePermitted: async () => {},
  rehearse: async () => {},
  serving: async () => {
    const pods = await kube.servingPods()
    return { pods, ready: pods.filter(({ ready }) => ready).length, replicas }
  },
  snapshot,
  kube: () => kube,
  isTransient: () => false,
})
