import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import type { WorkloadRef } from '../../lib/core/fault-kube/workload.ts'
import { newPods, refOf, refuse, seen, surgesOnly, workloadOf } from '../rollout/rollout.ts'

interface Plan {
  workload: WorkloadRef
  revision: string
  at: string
}

/** A control: what every deploy looks like that goes well. */
export default defineFault<Record<string, never>, Plan>({
  name: 'benign-rollout',
  summary: 'Starts all serving pods anew, as kubectl rollout restart does',
  group: 'control',
  requires: ['workload'],
  needs: ['deployments.apps:get', 'deployments.apps:patch', 'statefulsets.apps:get', 'statefulsets.apps:patch'],
  moves: [],
  signals: { moves: [], still: ['prompt-tokens', 'ready-nodes', 'schedulable-nodes'] },
  blast: 'workload',
  ends: { by: 'itself', how: 'the owner of the pods starts others, and there is nothing to put back' },
  draw: 'moment',
  params: z.strictObject({}),

  plan({ target, now }) {
    const workload = workloadOf(target)
    if (!workload.ok) return workload
    const { kind, name, revision, atOnce } = workload
    if (atOnce === null) return refuse(`expected ${kind} ${name} to roll changes out, found the strategy OnDelete`)
    const stuck = surgesOnly(workload)
    if (stuck !== null) return refuse(stuck)
    const plan = { workload: refOf(workload), revision, at: new Date(now).toISOString() }
    return { ok: true, unavailable: atOnce, plan }
  },

  async inject({ plan: { workload, at }, kube }) {
    await kube.restartWorkload(workload, at)
  },

  async verify({ plan, kube }) {
    const pods = await kube.servingPods()
    const anew = newPods(pods, plan)
    const reason = `${anew.length} of ${pods.length} serving pods were started anew`
    return { bit: anew.length > 0, reason, facts: { pods: seen(anew) } }
  },

  // The restart stays as harmless as it was: taking the date off again would be another one.
  async heal() {},
})
