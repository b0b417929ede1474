import { z } from 'zod'
import { defineFault, type ActContext } from '../../lib/core/fault.ts'
import type { FaultEvidence } from '../../lib/core/fault-resource.ts'
import { isReplaced } from '../../lib/core/target-snapshot.ts'
import { coTenant, type CoTenantJob, HOG_IMAGE } from '../gpu/co-tenant.ts'
import { endJob, startJob } from '../gpu/job.ts'

interface Plan {
  namespace: string
  job: CoTenantJob
  victim: { name: string; uid: string; node: string }
  restartVictim: boolean
  mib: number
  /** Free on the victim's node before; null where no GPU exporter is scraped. */
  freeMiB: number | null
}

const params = z.strictObject({
  mib: z
    .number()
    .int()
    .positive()
    .default(79_000)
    .describe('MiB that the co-tenant wants; it takes them as they come free'),
  restartVictim: z
    .boolean()
    .default(false)
    .describe('Also delete the serving pod, which then cannot get its memory back'),
  image: z
    .string()
    .min(1)
    .default(HOG_IMAGE)
    .describe("The co-tenant's image; understands --mib, --seconds and --port"),
})

/**
 * vLLM reserves its memory once: a co-tenant that comes later is felt by a pod that starts again beside it, and else only where
 * an engine has to allocate for a step larger than any before: then it dies of it.
 */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'gpu-memory-pressure',
  summary: 'Starts a co-tenant that takes the free GPU memory beside a serving pod',
  group: 'cache',
  requires: [],
  asks: ['gpu-metrics'],
  needs: ['jobs.batch:get', 'jobs.batch:create', 'jobs.batch:delete', 'pods:get', 'pods:delete'],
  moves: ['gpu', 'availability', 'queue', 'throughput', 'latency'],
  // A late co-tenant does not shrink vLLM's KV cache: its size is fixed when the engine starts.
  signals: { moves: [{ signal: 'gpu-memory-used', to: 'up' }], still: ['prompt-tokens', 'ready-nodes'] },
  blast: 'pod',
  ends: { by: 'itself', how: 'the Job has a deadline, and its program ends before it' },
  draw: 'band',
  params,

  plan({ params: { mib, restartVictim, image }, target, random, id, durationMs }) {
    const { namespace, can } = target
    const gpuMemory = can['gpu-metrics']?.ok === true ? can['gpu-metrics'].nodes : {}
    const ready = target.pods.filter((pod) => pod.ready && (!restartVictim || isReplaced(pod)))
    const onGpu = ready.filter(({ node }) => node in gpuMemory || Object.keys(gpuMemory).length === 0)
    const [victim] = random.pick(onGpu, 1).map(({ name, uid, node }) => ({ name, uid, node }))
    if (victim === undefined) {
      const which = restartVictim ? 'ready pod that a controller owns' : 'ready pod'
      const reason = `expected a ${which} of "${target.selector}" on a GPU node, found ${ready.length} ready on none`
      return { ok: false, reason }
    }
    const freeMiB = gpuMemory[victim.node]?.freeMiB ?? null
    const job = coTenant({ id, namespace, node: victim.node, image, mib, seconds: Math.ceil(durationMs / 1_000) })
    const plan = { namespace, job, victim, restartVictim, mib, freeMiB }
    return { ok: true, plan, unavailable: restartVictim ? 1 : 0 }
  },

  async inject({ plan: { job, victim, restartVictim }, ...hand }) {
    await startJob(job, hand)
    if (restartVictim) await hand.kube.deletePod(victim.name, { uid: victim.uid, gracePeriodSeconds: 0 })
  },

  verify: (context) => (context.plan.restartVictim ? cannotStart(context) : memoryTaken(context)),

  heal: ({ plan: { job }, ...hand }) => endJob(job.metadata.name, hand),
})

// --- Internal helpers ---

const memoryTaken = async ({ plan, observe }: ActContext<Plan>): Promise<FaultEvidence> => {
  const { node } = plan.victim
  const query = `sum(DCGM_FI_DEV_FB_FREE{node="${node}"} or DCGM_FI_DEV_FB_FREE{Hostname="${node}"})`
  const freeMiB = (await observe.query(query))[0]?.value ?? null
  const facts = { query, node, beforeMiB: plan.freeMiB, freeMiB }
  if (freeMiB === null || plan.freeMiB === null)
    return { bit: false, reason: `no GPU exporter speaks of ${node}`, facts }
  const takenMiB = plan.freeMiB - freeMiB
  const reason = `${takenMiB} MiB of ${plan.freeMiB} MiB that were free on ${node} are taken`
  return { bit: takenMiB >= Math.min(plan.mib, plan.freeMiB) / 2 && takenMiB > 0, reason, facts }
}

/** Not ready is every new pod; one that has failed beside the running co-tenant has missed its memory. */
const cannotStart = async ({ plan: { victim, job }, kube }: ActContext<Plan>): Promise<FaultEvidence> => {
  const [pods, holds] = [await kube.servingPods(), await kube.jobRunning(job.metadata.name)]
  const beside = pods.filter(({ node, uid }) => node === victim.node && uid !== victim.uid)
  const failing = beside.filter(({ ready, restarts = 0, reason }) => !ready && (restarts > 0 || reason === 'Error'))
  const seen = beside.map(({ name, ready, restarts = 0, reason = null }) => ({ name, ready, restarts, reason }))
  const reason = `${failing.length} of ${beside.length} replacements on ${victim.node} fail, the co-tenant ${holds ? 'holds' : 'does not hold'}`
  return { bit: holds && failing.length > 0, reason, facts: { node: victim.node, holds, pods: seen } }
}
