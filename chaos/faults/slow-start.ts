import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { startedAgain } from '../rollout/started-again.ts'
import { planRollout, refuse, type Rollout } from '../rollout/rollout.ts'
import { impatient } from '../rollout/probes.ts'

const params = z.strictObject({
  budgetSeconds: z
    .number()
    .int()
    .positive()
    .default(5)
    .describe('What a start may take; less than a cold start does, or nothing happens'),
})

/** The kubelet kills what has not started in time, and it starts again as slowly: it never gets there. */
export default defineFault<z.infer<typeof params>, Rollout>({
  name: 'slow-start',
  summary: 'Rolls out a startup budget that is shorter than a cold start',
  group: 'serving',
  requires: ['workload'],
  needs: ['deployments.apps:get', 'deployments.apps:patch'],
  moves: ['availability', 'throughput', 'queue', 'latency'],
  signals: {
    moves: [
      { signal: 'ready-replicas', to: 'down' },
      { signal: 'restarts', to: 'up' },
    ],
    still: ['prompt-tokens', 'ready-nodes', 'schedulable-nodes'],
  },
  blast: 'workload',
  ends: { by: 'controller', how: 'the recorded startup probe is put back, and the old ReplicaSet takes over again' },
  draw: 'band',
  params,

  plan: ({ params: { budgetSeconds }, target }) =>
    planRollout(target, (workload) => {
      const probe = impatient(workload, budgetSeconds)
      const { name, container, startupProbe } = workload
      if (probe === null) return refuse(`expected a probe of ${container} in Deployment ${name}, found none`)
      return { ok: true, before: { startupProbe }, after: { startupProbe: probe } }
    }),

  async inject({ plan: { change }, kube }) {
    await kube.changeWorkload(change)
  },

  verify: (context) => startedAgain(context, 'were killed before they had started'),

  async heal({ plan: { change }, kube }) {
    await kube.restoreWorkload(change)
  },
})
