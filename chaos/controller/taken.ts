import { z } from 'zod'
import { type Kube, orNull } from '../../lib/kube/client.ts'
import { WorkloadFields } from '../../lib/core/fault-kube/workload.ts'
import { faultId } from './fault-id.ts'
import { listFaults } from './fault-store.ts'

/** A workload that a fault has changed, and how many replicas it asks for since. */
export interface Marked {
  mark: string
  replicas: number
}

/** Replicas that faults in force have taken away from these workloads: nobody asks for them, and they are missing all the same. */
export const takenAway = async (kube: Kube, namespace: string, marked: readonly Marked[]): Promise<number> => {
  if (marked.length === 0) return 0
  const faults = (await orNull(listFaults(kube, namespace))) ?? []
  const taken = marked.map(({ mark, replicas }) =>
    takenBy(faults.find((fault) => faultId(fault) === mark)?.status?.plan, replicas),
  )
  return taken.reduce((sum, count) => sum + count, 0)
}

/** Of what the plan takes away, what has not come back by another hand. */
export const takenBy = (plan: unknown, now: number): number => {
  const { before, after } = Plan.safeParse(plan).data?.change ?? {}
  if (before?.replicas === undefined || after?.replicas === undefined) return 0
  return Math.max(0, before.replicas - Math.max(now, after.replicas))
}

// --- Internal helpers ---

/** Whoever marks a workload has the change in its plan, with the way back (`WorkloadCalls`). */
const Plan = z.looseObject({ change: z.looseObject({ before: WorkloadFields, after: WorkloadFields }) })
