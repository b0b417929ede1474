import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import type { WorkloadChange } from '../../lib/core/fault-kube/workload.ts'
import { refOf, refuse, workloadOf } from '../rollout/rollout.ts'

interface Plan {
  change: WorkloadChange
  replicas: number
}

const params = z.strictObject({
  by: z.number().int().positive().default(1).describe('Replicas to take away'),
})

/** Capacity that went without anything breaking: what a hasty saving, or an autoscaler on the wrong metric, does. */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'scale-down',
  summary: 'Takes replicas away by the workload’s own scale',
  group: 'serving',
  requires: ['workload'],
  needs: ['deployments.apps:get', 'deployments.apps:patch', 'statefulsets.apps:get', 'statefulsets.apps:patch'],
  // Not availability: as many replicas are there as are asked for.
  moves: ['queue', 'latency', 'throughput', 'cache'],
  signals: {
    moves: [{ signal: 'ready-replicas', to: 'down' }],
    still: ['prompt-tokens', 'ready-nodes', 'schedulable-nodes'],
  },
  blast: 'workload',
  ends: { by: 'controller', how: 'the recorded number of replicas is put back' },
  draw: 'band',
  params,

  plan({ params: { by }, target }) {
    const workload = workloadOf(target)
    if (!workload.ok) return workload
    const { kind, name, replicas, autoscaler } = workload
    if (autoscaler !== null)
      return refuse(
        `expected nobody else to scale ${kind} ${name}, found HorizontalPodAutoscaler ${autoscaler}, which would undo it`,
      )
    if (replicas < by) return refuse(`expected at least ${by} replicas of ${kind} ${name}, found ${replicas}`)
    const left = replicas - by
    const change = { workload: refOf(workload), before: { replicas }, after: { replicas: left } }
    return { ok: true, unavailable: by, plan: { change, replicas: left } }
  },

  async inject({ plan: { change }, kube }) {
    await kube.changeWorkload(change)
  },

  async verify({ plan: { replicas }, kube }) {
    const pods = (await kube.servingPods()).map(({ name }) => name)
    const reason = `${pods.length} serving pods are left, ${replicas} are asked for`
    return { bit: pods.length <= replicas, reason, facts: { pods, replicas } }
  },

  async heal({ plan: { change }, kube }) {
    await kube.restoreWorkload(change)
  },
})
