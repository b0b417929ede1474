import type { Planned, ServingPod, TargetSnapshot } from '../../lib/core/fault.ts'
import type { WorkloadChange, WorkloadFacts, WorkloadFields, WorkloadRef } from '../../lib/core/fault-kube/workload.ts'
import { isShellScript, withOption } from './arguments.ts'
import { agree } from './taken-back.ts'

/** A changed pod template, as a fault's plan records it. */
export interface Rollout {
  namespace: string
  change: WorkloadChange
  /** Of the pods before: those with another one are of the changed template. */
  revision: string
}

export type Edit = { ok: true; before: WorkloadFields; after: WorkloadFields } | Refusal
interface Refusal {
  ok: false
  reason: string
}

export const refuse = (reason: string): Refusal => ({ ok: false, reason })

/** The workload that the target's pods belong to, as it answered. */
export const workloadOf = ({ can: { workload }, selector }: TargetSnapshot): ({ ok: true } & WorkloadFacts) | Refusal =>
  workload ??
  refuse(`expected a Deployment or StatefulSet that owns the pods of "${selector}", found that none was asked for`)

export const refOf = ({ kind, name, uid, container }: WorkloadFacts): WorkloadRef => ({ kind, name, uid, container })

/** Why a change of the template may never get anywhere: it takes no pod away before a new one is ready. Null where it does. */
export const surgesOnly = ({ kind, name, replicas, atOnce }: WorkloadFacts): string | null =>
  atOnce === 0
    ? `expected a rollout that takes at least one pod away at a time, found that the maxUnavailable of ${kind} ${name} comes to 0 of ${replicas}: with full GPUs the surge pod would wait for ever`
    : null

/**
 * A change of the pod template, which the Deployment's controller rolls out: where the new pods do not become ready, it stops at as many
 * as it takes at a time.
 */
export const planRollout = (target: TargetSnapshot, edit: (workload: WorkloadFacts) => Edit): Planned<Rollout> => {
  const workload = workloadOf(target)
  if (!workload.ok) return workload
  // Its controller waits for a broken pod for ever, also once the template is put back.
  if (workload.kind !== 'Deployment' || workload.atOnce === null)
    return refuse(`expected a Deployment, which goes back by itself, found ${workload.kind} ${workload.name}`)
  const stuck = surgesOnly(workload)
  if (stuck !== null) return refuse(stuck)
  const edited = edit(workload)
  if (!edited.ok) return edited
  const { before, after } = edited
  if (agree(after, before))
    return refuse(`expected a change of Deployment ${workload.name}, found that it is so already`)
  const change = { workload: refOf(workload), before, after }
  const plan = { namespace: target.namespace, change, revision: workload.revision }
  return { ok: true, unavailable: workload.atOnce, plan }
}

/** One option of the engine's command line, set. */
export const setOption = (workload: WorkloadFacts, option: string, value: string | null): Edit => {
  const { command, args, name } = workload
  if (isShellScript(command, args ?? []))
    return refuse(`expected the engine's arguments in Deployment ${name} as a list, found a script for a shell`)
  // Any argument of ours would take the place of all that the image gives by itself.
  if (command.length === 0 && args === null)
    return refuse(`expected the engine's arguments in Deployment ${name}, found that they come with its image`)
  return { ok: true, before: { args }, after: { args: withOption(args ?? [], option, value) } }
}

/** The pods that are of the changed template. */
export const newPods = (pods: readonly ServingPod[], { revision }: Pick<Rollout, 'revision'>): ServingPod[] =>
  pods.filter((pod) => pod.revision !== revision)

/** For evidence. */
export const seen = (pods: readonly ServingPod[]) =>
  pods.map(({ name, ready, restarts = 0, reason = null }) => ({ name, ready, restarts, reason }))
