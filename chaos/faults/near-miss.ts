import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { coTenant, type CoTenantJob, HOG_IMAGE } from '../gpu/co-tenant.ts'
import { endJob, startJob } from '../gpu/job.ts'

interface Plan {
  job: CoTenantJob
  node: string
  /** Of the GPU memory: free before, and to be left free. */
  beforePercent: number
  leavePercent: number
}

const params = z.strictObject({
  leavePercent: z
    .number()
    .min(0)
    .max(100)
    .default(6)
    .describe('Percent of the GPU memory that stays free; the shipped GPUMemoryPressure fires below 4'),
  image: z
    .string()
    .min(1)
    .default(HOG_IMAGE)
    .describe("The co-tenant's image; understands --mib, --seconds and --port"),
})

/** So many percent of a GPU's memory are worth a co-tenant, and are how near it has to come. */
const STEP_PERCENT = 1

/**
 * A control: a small co-tenant takes of the free GPU memory beside a serving pod, as `gpu-memory-pressure` does, and stops short of what
 * an alert of it looks for. A rule that fires has its threshold where healthy servers are. What it leaves is still more than an engine
 * takes for its largest step.
 */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'near-miss',
  summary: 'Takes a little GPU memory beside a serving pod, and stays below every threshold',
  group: 'control',
  requires: ['gpu-metrics'],
  needs: ['jobs.batch:get', 'jobs.batch:create', 'jobs.batch:delete'],
  moves: [],
  signals: {
    moves: [{ signal: 'gpu-memory-used', to: 'up' }],
    still: ['ready-replicas', 'restarts', 'targets-up', 'ready-nodes', 'schedulable-nodes', 'prompt-tokens'],
  },
  blast: 'pod',
  ends: { by: 'itself', how: 'the Job has a deadline, and its program ends before it' },
  draw: 'band',
  params,

  plan({ params: { leavePercent, image }, target, random, id, durationMs }) {
    const { namespace, selector, can } = target
    const memory = can['gpu-metrics']?.ok === true ? can['gpu-metrics'].nodes : {}
    const ready = [...new Set(target.pods.filter((pod) => pod.ready).map(({ node }) => node))]
    const roomy = ready.flatMap((node) => {
      const found = memory[node]
      if (found === undefined) return []
      const totalMiB = found.usedMiB + found.freeMiB
      const takeMiB = found.freeMiB - (leavePercent / 100) * totalMiB
      // Of one GPU's share: whichever of several it takes, none is left with less than that.
      return takeMiB < (STEP_PERCENT / 100) * totalMiB
        ? []
        : [{ node, beforePercent: (100 * found.freeMiB) / totalMiB, mib: Math.floor(takeMiB / found.gpus) }]
    })
    const [drawn] = random.pick(roomy, 1)
    if (drawn === undefined) {
      const reason = `expected a ready pod of "${selector}" on a node with more than ${leavePercent + STEP_PERCENT} % of its GPU memory free, found none of ${ready.length}`
      return { ok: false, reason }
    }
    const { mib, node, beforePercent } = drawn
    const job = coTenant({ id, namespace, node, image, mib, seconds: Math.ceil(durationMs / 1_000) })
    return { ok: true, plan: { job, node, beforePercent, leavePercent }, unavailable: 0 }
  },

  inject: ({ plan: { job }, ...hand }) => startJob(job, hand),

  /** As the alert's own expression reads it: of the GPU with the least. */
  async verify({ plan: { node, beforePercent, leavePercent }, observe }) {
    const [free, used] = ['FREE', 'USED'].map((kind) => onNode(`DCGM_FI_DEV_FB_${kind}`, node))
    const query = `100 * min(${free} / (${free} + ${used}))`
    const nowPercent = (await observe.query(query))[0]?.value ?? null
    const facts = { query, node, beforePercent, nowPercent }
    if (nowPercent === null) return { bit: false, reason: `no GPU exporter speaks of ${node}`, facts }
    const near = nowPercent < beforePercent - STEP_PERCENT / 2 && nowPercent <= leavePercent + STEP_PERCENT / 2
    const reason = `${nowPercent.toFixed(1)} % of the GPU memory of ${node} is free, ${beforePercent.toFixed(1)} % before`
    return { bit: near, reason, facts }
  },

  heal: ({ plan: { job }, ...hand }) => endJob(job.metadata.name, hand),
})

// --- Internal helpers ---

const onNode = (metric: string, node: string): string => `(${metric}{node="${node}"} or ${metric}{Hostname="${node}"})`
