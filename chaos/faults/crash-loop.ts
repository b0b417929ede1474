import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { startedAgain } from '../rollout/started-again.ts'
import { planRollout, type Rollout, setOption } from '../rollout/rollout.ts'

const params = z.strictObject({
  option: z
    .string()
    .regex(/^--[a-z][\w-]*$/, 'expected an option such as --max-model-len')
    .default('--firedrill-no-such-option')
    .describe('The argument that is rolled out; vLLM ends at once with one that it does not know'),
  value: z.string().min(1).optional().describe('Its value, where it takes one'),
})

/** A deploy with a bad argument: the pods that it takes end as often as they are started, the others stay. */
export default defineFault<z.infer<typeof params>, Rollout>({
  name: 'crash-loop',
  summary: 'Rolls out a bad argument: new pods end at once, again and again',
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
  ends: { by: 'controller', how: 'the recorded arguments are put back, and the old ReplicaSet takes over again' },
  draw: 'band',
  params,

  plan: ({ params: { option, value = null }, target }) =>
    planRollout(target, (workload) => setOption(workload, option, value)),

  async inject({ plan: { change }, kube }) {
    await kube.changeWorkload(change)
  },

  verify: (context) => startedAgain(context, 'were started again after they ended'),

  async heal({ plan: { change }, kube }) {
    await kube.restoreWorkload(change)
  },
})
