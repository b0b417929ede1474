import { z } from 'zod'
import type { CapabilityName, Requirement } from './capability.ts'
import type { Clock } from './clock.ts'
import type { FaultKube } from './fault-kube.ts'
import type { FaultEvidence } from './fault-resource.ts'
import type { Random } from './random.ts'
import type { Movement, SignalName } from './signal.ts'
import type { Symptom } from './symptom.ts'
import type { TargetSnapshot } from './target-snapshot.ts'
import type { Traffic } from './traffic.ts'

export type { FaultKube } from './fault-kube.ts'
export type { ServingPod, TargetSnapshot } from './target-snapshot.ts'

/** What is broken: for tables, and for the colour in a report. */
export const FAULT_GROUPS = [
  'serving',
  'cache',
  'traffic',
  'flags',
  'network',
  'observability',
  'node',
  'control',
] as const
export type FaultGroup = (typeof FAULT_GROUPS)[number]

/**
 * A control does nothing that an alert may speak of: every alert has to stay quiet while it lasts. Its evidence bites where it was what it is
 * meant to be; where nobody can say so, the silence proves nothing.
 */
export const isControl = ({ group }: Pick<FaultDefinition, 'group'>): boolean => group === 'control'

/** Whom one fault can hit at most. */
export type BlastRadius = 'nothing' | 'telemetry' | 'clients' | 'pod' | 'workload' | 'node'

/** What a fault may look at to prove that it bit. */
export interface Observer {
  /** An instant PromQL query; empty where Prometheus has nothing to say. */
  query(promql: string): Promise<{ labels: Record<string, string>; value: number }[]>
}

export interface PlanContext<Params> {
  params: Params
  target: TargetSnapshot
  random: Random
  /** Unique per Fault and a valid Kubernetes name: use it for objects that the fault creates. */
  id: string
  /** Milliseconds since the epoch. */
  now: number
  durationMs: number
}

export interface ActContext<Plan> {
  plan: Plan
  kube: FaultKube
  observe: Observer
  /** Milliseconds since the epoch, when the fault was injected. */
  injectedAt: number
  /** Whoever waits, waits on this: a simulation has a time of its own. */
  clock: Clock
  signal: AbortSignal
}

/** A refusal is an answer, not an error: nothing was touched, and the reason says what would have to be different. */
export type Planned<Plan> = { ok: true; plan: Plan; unavailable: number } | { ok: false; reason: string }

export interface FaultDefinition<Params = unknown, Plan = unknown> {
  name: string
  summary: string
  group: FaultGroup
  /** What the target must be able to do: asked of it when the fault is planned. */
  requires: readonly Requirement[]
  /** Asked of it as well, and no refusal where it says no. */
  asks?: readonly CapabilityName[]
  /** What the controller must be allowed to do, as `resource[/subresource][.group]:verb`, besides what every fault needs. */
  needs: readonly string[]
  /** Of those, what takes but one of a list in `requires`: the first that the target has, it takes, and does without the others'. */
  means?: Partial<Record<CapabilityName, readonly string[]>>
  /** Symptoms this fault can be expected to raise. */
  moves: readonly Symptom[]
  /** What shows that it bites, and what must not change while it does. */
  signals: { moves: readonly Movement[]; still: readonly SignalName[] }
  blast: BlastRadius
  /** `itself`: what was done ends within the duration and five seconds, also when nobody is left to heal. */
  ends: { by: 'itself' | 'controller'; how: string }
  /** On a time line: one stroke where it happens at once and is over, a band where it lasts. */
  draw: 'moment' | 'band'
  params: z.ZodType<Params>
  /** Of a fault that k6 carries out: what the load does otherwise. Its plan says the same under `traffic`. */
  traffic?(params: Params): Traffic
  plan(context: PlanContext<Params>): Planned<Plan>
  /** Only what the plan says; safe to run again after a crash half-way. */
  inject(context: ActContext<Plan>): Promise<void>
  /** Did it bite? Asked again until it did, or the fault ended. */
  verify(context: ActContext<Plan>): Promise<FaultEvidence>
  /** Undoes to the recorded values; idempotent, and safe where inject ran half or not at all. */
  heal(context: ActContext<Plan>): Promise<void>
}

/** Kept as a definition of unknowns in the registry: the controller hands each fault back only its own parsed params and plan. */
export type AnyFault = FaultDefinition

/** By name: chaos/faults/registry.gen.ts has those that ship. */
export type FaultRegistry = Record<string, AnyFault>

export const defineFault = <Params, Plan>(definition: FaultDefinition<Params, Plan>): FaultDefinition<Params, Plan> =>
  definition
