import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { chooseBlocks } from '../rollout/kv-blocks.ts'
import { planRollout, type Rollout, setOption, workloadOf } from '../rollout/rollout.ts'

const OPTION = '--num-gpu-blocks-override'

interface Plan extends Rollout {
  blocks: number
  /** Of the smallest replica before; null where Prometheus does not tell. */
  blocksBefore: number | null
}

const params = z.strictObject({
  blocks: z.number().int().positive().optional().describe('Blocks of the KV cache that each replica is left with'),
  share: z
    .number()
    .positive()
    .lt(1)
    .default(0.1)
    .describe(
      'Where `blocks` is not given: this share of today’s blocks, but room for one request of the longest length',
    ),
})

/** A cache that is too small for its load: what a wrong memory setting or a longer context does. Replica by replica, each after a cold start. */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'kv-shrink',
  summary: `Rolls out a smaller KV cache (${OPTION})`,
  group: 'cache',
  requires: ['workload'],
  asks: ['kv-cache'],
  needs: ['deployments.apps:get', 'deployments.apps:patch'],
  moves: ['cache', 'queue', 'latency', 'throughput', 'availability'],
  signals: {
    moves: [{ signal: 'kv-cache-usage', to: 'up' }],
    still: ['prompt-tokens', 'ready-nodes', 'schedulable-nodes'],
  },
  blast: 'workload',
  ends: { by: 'controller', how: 'the recorded arguments are put back, and the old ReplicaSet takes over again' },
  draw: 'band',
  params,

  plan({ params: asked, target }) {
    const workload = workloadOf(target)
    if (!workload.ok) return workload
    const chosen = chooseBlocks(asked, target.can['kv-cache'], workload)
    if (!chosen.ok) return chosen
    const { blocks, before: blocksBefore } = chosen
    const planned = planRollout(target, () => setOption(workload, OPTION, String(blocks)))
    return planned.ok ? { ...planned, plan: { ...planned.plan, blocks, blocksBefore } } : planned
  },

  async inject({ plan: { change }, kube }) {
    await kube.changeWorkload(change)
  },

  async verify({ plan: { namespace, blocks, blocksBefore }, observe }) {
    const query = `vllm:cache_config_info{namespace="${namespace}",num_gpu_blocks="${blocks}"}`
    const replicas = (await observe.query(query)).length
    const reason = `${replicas} replicas tell of ${blocks} blocks; before there were ${blocksBefore ?? 'an unknown number'}`
    return { bit: replicas > 0, reason, facts: { query, replicas, blocks, blocksBefore } }
  },

  async heal({ plan: { change }, kube }) {
    await kube.restoreWorkload(change)
  },
})
