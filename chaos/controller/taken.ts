import { z } from 'zod'
import { WorkloadFields } from '../../lib/core/fault-kube/workload.ts'
import { FAULT_LABEL, type FaultResource, isOpen } from '../../lib/core/fault-resource.ts'
import type { Kube } from '../../lib/kube/client.ts'
import { statusCode } from '../../lib/kube/errors.ts'
import { faultId } from './fault-id.ts'
import { listFaults } from './fault-store.ts'
import { readWorkload } from './kube/workload-store.ts'

/** A workload that a fault has changed, and how many replicas it asks for since. */
export interface Marked {
  mark: string
  replicas: number
}

/** Replicas that faults in force have taken away from these workloads: nobody asks for them, and they are missing all the same. */
export const takenAway = async (kube: Kube, namespace: string, marked: readonly Marked[]): Promise<number> => {
  const plans = plansOf(kube)
  if (marked.some(({ mark }) => !plans.has(mark))) {
    for (const fault of await knownFaults(kube, namespace)) {
      if (fault.status?.plan !== undefined) plans.set(faultId(fault), fault.status.plan)
    }
  }
  return sum(marked.map(({ mark, replicas }) => takenBy(plans.get(mark), replicas)))
}

/**
 * The same where no pod is left that would lead to its owner: by the plans of the faults on these pods, whose workload has their mark
 * still. They are told by the selector, as it is written.
 */
export const takenToNone = async (kube: Kube, namespace: string, selector: string): Promise<number> => {
  const faults = (await knownFaults(kube, namespace)).filter(
    (fault) => isOpen(fault) && fault.spec.target.selector === selector,
  )
  return sum(
    await Promise.all(
      faults.map(async (fault) => {
        const plan = fault.status?.plan
        const { workload } = Plan.safeParse(plan).data?.change ?? {}
        if (workload === undefined || takenBy(plan, 0) === 0) return 0
        const now = await readWorkload(kube, namespace, workload)
        return now?.metadata.labels[FAULT_LABEL] === faultId(fault) ? takenBy(plan, now.spec.replicas) : 0
      }),
    ),
  )
}

/** Of what the plan takes away, what has not come back by another hand. */
export const takenBy = (plan: unknown, now: number): number => {
  const { before, after } = Plan.safeParse(plan).data?.change ?? {}
  if (before?.replicas === undefined || after?.replicas === undefined) return 0
  return Math.max(0, before.replicas - Math.max(now, after.replicas))
}

// --- Internal helpers ---

/** Whoever marks a workload has the change in its plan, with the way back (`WorkloadCalls`). */
const Plan = z.looseObject({
  change: z.looseObject({
    workload: z.looseObject({ kind: z.enum(['Deployment', 'StatefulSet']), name: z.string() }),
    before: WorkloadFields,
    after: WorkloadFields,
  }),
})

/** By mark. A plan is written before its mark, and never changes: it is asked for once. */
const known = new WeakMap<Kube, Map<string, unknown>>()

const plansOf = (kube: Kube): Map<string, unknown> => {
  const plans = known.get(kube) ?? new Map<string, unknown>()
  known.set(kube, plans)
  return plans
}

/** None where the kind is not installed; nor for somebody who only looks at the pods, and may not list them: controllers may. */
const knownFaults = async (kube: Kube, namespace: string): Promise<FaultResource[]> => {
  try {
    return await listFaults(kube, namespace)
  } catch (error) {
    const status = statusCode(error)
    if (status === 404 || status === 403) return []
    throw error
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0)
