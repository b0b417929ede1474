import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { withTag } from '../rollout/image.ts'
import { planRollout, type Rollout } from '../rollout/rollout.ts'

const params = z.strictObject({
  tag: z
    .string()
    .regex(/^\w[\w.-]{0,127}$/, 'expected a tag')
    .default('v0.9.1')
    .describe(
      'An engine whose metrics have other names; up to 0.9.1 the usage of the KV cache was gpu_cache_usage_perc',
    ),
})

/** An engine that serves as well as before, while rules and dashboards look for series that it has under other names. */
export default defineFault<z.infer<typeof params>, Rollout>({
  name: 'metric-rename',
  summary: 'Rolls out an engine of another version, whose metrics have other names',
  group: 'observability',
  requires: ['workload'],
  needs: ['deployments.apps:get', 'deployments.apps:patch'],
  // By the rollout; what it is about raises nothing, and that is the trouble.
  moves: ['availability', 'throughput', 'queue', 'latency'],
  signals: {
    moves: [{ signal: 'kv-cache-series', to: 'down' }],
    still: ['prompt-tokens', 'ready-nodes', 'schedulable-nodes'],
  },
  blast: 'workload',
  ends: { by: 'controller', how: 'the recorded image is put back, and the old ReplicaSet takes over again' },
  draw: 'band',
  params,

  plan: ({ params: { tag }, target }) =>
    planRollout(target, ({ image }) => ({ ok: true, before: { image }, after: { image: withTag(image, tag) } })),

  async inject({ plan: { change }, kube }) {
    await kube.changeWorkload(change)
  },

  async verify({ plan: { namespace }, observe }) {
    const of = `{namespace="${namespace}"}`
    // What runs is told by every version; `unless` leaves the replicas that do not tell the usage under its present name.
    const query = `vllm:num_requests_running${of} unless on (instance) vllm:kv_cache_usage_perc${of}`
    const replicas = (await observe.query(query)).map(({ labels }) => labels['pod'] ?? labels['instance'] ?? '')
    const reason = `${replicas.length} scraped replicas have no vllm:kv_cache_usage_perc`
    return { bit: replicas.length > 0, reason, facts: { query, replicas } }
  },

  async heal({ plan: { change }, kube }) {
    await kube.restoreWorkload(change)
  },
})
