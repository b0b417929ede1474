import { z } from 'zod'
import { defineFault, type ActContext } from '../../lib/core/fault.ts'
import type { FaultEvidence } from '../../lib/core/fault-resource.ts'
import { until } from '../../lib/core/until.ts'

interface Plan {
  namespace: string
  job: { metadata: { name: string; namespace: string } } & Record<string, unknown>
  victim: { name: string; uid: string; node: string }
  restartVictim: boolean
  mib: number
  /** Free on the victim's node before; null where no GPU exporter is scraped. */
  freeMiB: number | null
}

/** Of the co-tenant's readiness. */
const PORT = 8_080
const START_TIMEOUT_MS = 60_000
const END_TIMEOUT_MS = 60_000

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
    .default('firedrill/gpu-hog')
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
    const ready = target.pods.filter((pod) => pod.ready)
    const onGpu = ready.filter(({ node }) => node in gpuMemory || Object.keys(gpuMemory).length === 0)
    const [victim] = random.pick(onGpu, 1).map(({ name, uid, node }) => ({ name, uid, node }))
    if (victim === undefined) {
      const reason = `expected a ready pod of "${target.selector}" on a GPU node, found ${ready.length} ready on none`
      return { ok: false, reason }
    }
    const freeMiB = gpuMemory[victim.node]?.freeMiB ?? null
    const job = coTenant({ id, namespace, node: victim.node, image, mib, seconds: Math.ceil(durationMs / 1_000) })
    const plan = { namespace, job, victim, restartVictim, mib, freeMiB }
    return { ok: true, plan, unavailable: restartVictim ? 1 : 0 }
  },

  async inject({ plan: { job, victim, restartVictim }, kube, clock, signal }) {
    await kube.createJob(job)
    const { name } = job.metadata
    await until(() => kube.jobRunning(name), {
      what: `a pod of Job ${name} to be ready`,
      timeoutMs: START_TIMEOUT_MS,
      clock,
      signal,
    })
    if (restartVictim) await kube.deletePod(victim.name, { uid: victim.uid, gracePeriodSeconds: 0 })
  },

  verify: (context) => (context.plan.restartVictim ? cannotStart(context) : memoryTaken(context)),

  async heal({ plan: { job }, kube, clock, signal }) {
    const { name } = job.metadata
    await kube.deleteJob(name)
    await until(() => kube.jobGone(name), { what: `Job ${name} to be gone`, timeoutMs: END_TIMEOUT_MS, clock, signal })
  },
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

interface CoTenant {
  id: string
  namespace: string
  node: string
  image: string
  mib: number
  seconds: number
}

/** Ends three times over: by its own argument, by the Job's deadline, and by the controller, which comes first. */
const coTenant = ({ id, namespace, node, image, mib, seconds }: CoTenant): Plan['job'] => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: id, namespace },
  spec: {
    backoffLimit: 0,
    activeDeadlineSeconds: seconds + 20,
    ttlSecondsAfterFinished: 60,
    template: {
      spec: {
        nodeName: node,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        tolerations: [{ operator: 'Exists' }],
        containers: [
          {
            name: 'co-tenant',
            image,
            imagePullPolicy: 'IfNotPresent',
            args: ['--mib', String(mib), '--seconds', String(seconds + 10), '--port', String(PORT)],
            env: [
              { name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' },
              { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            ],
            // Ready once it holds what was free: only then may the victim go.
            readinessProbe: { httpGet: { path: '/ready', port: PORT }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
})
