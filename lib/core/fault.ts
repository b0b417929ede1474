import { z } from 'zod'
import type { Clock } from './clock.ts'
import type { FaultEvidence } from './fault-resource.ts'
import type { Random } from './random.ts'
import type { Symptom } from './symptom.ts'

/** A serving pod as planning sees it. */
export interface ServingPod {
  name: string
  uid: string
  node: string
  ready: boolean
  image: string
  /** How often its containers were started again, and what the first waiting or ended one says (`CrashLoopBackOff`, `Error`). */
  restarts?: number
  reason?: string | null
}

/** The state of the target at planning time. Faults choose from it; they never look again. */
export interface TargetSnapshot {
  namespace: string
  selector: string
  pods: ServingPod[]
  /** The flag document in force (flagd schema), null where the target has no feature flags. */
  flags: { configMap: string; key: string; document: string } | null
  /** MiB per GPU node, from the GPU exporter; empty where none is scraped. */
  gpuMemory: Record<string, { usedMiB: number; freeMiB: number }>
}

/** What a fault may do to the cluster. Every call is idempotent, or guarded by a UID. */
export interface FaultKube {
  /** Deletes exactly this pod: a replacement under the same name is left alone. Resolves when the API has accepted it, also when it was gone. */
  deletePod(name: string, options: { uid: string; gracePeriodSeconds: number }): Promise<void>
  /** The named pods that still exist with that UID and are not being deleted. */
  alive(pods: readonly { name: string; uid: string }[]): Promise<string[]>
  /** Serving pods now, by the target's selector. */
  servingPods(): Promise<ServingPod[]>
  readConfigMapKey(name: string, key: string): Promise<string | null>
  /** Fails with a conflict where the value is no longer `expected`. */
  writeConfigMapKey(name: string, key: string, value: string, expected: string): Promise<void>
  createJob(job: Record<string, unknown>): Promise<void>
  /** Deletes the Job and its pods in the foreground; resolves at once where there is none. */
  deleteJob(name: string): Promise<void>
  /** True once a pod of the Job is ready. */
  jobRunning(name: string): Promise<boolean>
  jobGone(name: string): Promise<boolean>
}

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
  /** What the controller must be allowed to do, as `resource:verb`. */
  needs: readonly string[]
  /** Symptoms this fault can be expected to raise. */
  moves: readonly Symptom[]
  params: z.ZodType<Params>
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
