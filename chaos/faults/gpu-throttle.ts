import { z } from 'zod'
import { defineFault, type ActContext, type FaultKube } from '../../lib/core/fault.ts'
import type { ExecPod } from '../../lib/core/fault-kube/exec.ts'
import { cappingJob, type PowerCap, restoringJob, restoringName } from '../../lib/core/power-cap.ts'
import { run } from '../exec/run.ts'
import { endJob, jobReady, startJob } from '../gpu/job.ts'

interface Plan {
  victims: (ExecPod & { cap: PowerCap })[]
  seconds: number
}

const params = z.strictObject({
  count: z.number().int().positive().default(1).describe('Ready serving pods whose GPUs are capped'),
  watts: z.number().int().positive().optional().describe("The cap; the least that the GPU's driver takes without it"),
  image: z
    .string()
    .min(1)
    .default('nvidia/cuda:13.0.1-base-ubuntu24.04')
    .describe('Of the Job that sets the cap; has a shell, nvidia-smi comes from the node'),
})

/** A hot rack, a broken power supply: the GPU slows its clock down, and everything that it computes takes longer. */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'gpu-throttle',
  summary: 'Caps the power of the GPUs of serving pods: their clock goes down, and every step takes longer',
  group: 'cache',
  requires: ['exec', 'gpu-power'],
  needs: [
    'nodes:get',
    'pods:get',
    'pods/exec:create',
    'pods/exec:get',
    'jobs.batch:get',
    'jobs.batch:create',
    'jobs.batch:delete',
  ],
  moves: ['gpu', 'throughput', 'latency', 'queue'],
  signals: {
    moves: [
      { signal: 'gpu-clock', to: 'down' },
      { signal: 'gpu-power', to: 'down' },
    ],
    still: ['ready-replicas', 'restarts', 'targets-up', 'ready-nodes', 'gpu-memory-used', 'prompt-tokens'],
  },
  blast: 'pod',
  ends: { by: 'itself', how: 'the Job puts the limit back when its time is over, and has a deadline' },
  draw: 'band',
  params,

  plan({
    params: { count, watts: wanted, image },
    target: { namespace, pods, selector, can },
    random,
    id,
    durationMs,
  }) {
    const known = can['gpu-power']?.ok === true ? can['gpu-power'].gpus : {}
    const container = can.exec?.ok === true ? can.exec.container : null
    const able = pods.flatMap(({ name, uid, node, ready }) => {
      const gpus = known[uid] ?? []
      const watts = wanted ?? Math.ceil(Math.max(...gpus.map(({ leastWatts }) => leastWatts)))
      const fits = gpus.every(({ limitWatts, leastWatts }) => leastWatts <= watts && watts < limitWatts)
      if (!ready || container === null || gpus.length === 0 || !fits) return []
      const originals = gpus.map(({ uuid, limitWatts }) => ({ uuid, limitWatts }))
      return [{ name, uid, container, cap: { namespace, node, image, watts, gpus: originals } }]
    })
    if (able.length < count) {
      const cap = wanted === undefined ? 'below its limit' : `of ${wanted} W`
      const reason = `expected ${count} ready pods of "${selector}" whose GPUs take a cap ${cap}, found ${able.length}`
      return { ok: false, reason }
    }
    const victims = random
      .pick(able, count)
      .map(({ cap, ...pod }, index) => ({ ...pod, cap: { name: `${id}-${index}`, ...cap } }))
    return { ok: true, plan: { victims, seconds: Math.ceil(durationMs / 1_000) }, unavailable: 0 }
  },

  async inject(context) {
    const { plan, kube } = context
    await Promise.all(plan.victims.map(({ cap }) => kube.createJob(cappingJob(cap, plan.seconds))))
    await Promise.all(plan.victims.map(({ cap }) => jobReady(cap.name, context)))
  },

  async verify({ plan: { victims }, kube }) {
    const limits = await Promise.all(victims.map((victim) => limitsOf(kube, victim)))
    const capped = victims.filter(({ cap }, index) => limits[index]?.every((limit) => limit <= cap.watts) ?? false)
    const reason = `the GPUs of ${capped.length} of ${victims.length} victims are capped`
    const seen = victims.map(({ name, cap: { watts, gpus } }, index) => ({
      name,
      watts,
      gpus,
      limits: limits[index] ?? null,
    }))
    return { bit: capped.length === victims.length, reason, facts: { seen } }
  },

  // The Job gives the power back as it ends; a second one does where the first could not, unless the victim says that no cap is left.
  async heal(context) {
    await Promise.all(context.plan.victims.map((victim) => giveBack(context, victim)))
  },
})

// --- Internal helpers ---

/** A healer before us may have left a Job of its own, and one that has ended would never be ready again. */
const giveBack = async (context: ActContext<Plan>, victim: Plan['victims'][number]): Promise<void> => {
  const { kube } = context
  const { cap } = victim
  const back = restoringName(cap)
  // With its node the cap is gone, and nobody is left to see the pods of the Jobs end.
  if ((await kube.readNode(cap.node)) === null) {
    await Promise.all([cap.name, back].map((name) => kube.deleteJob(name)))
    return
  }
  await endJob(cap.name, context)
  await endJob(back, context)
  if (await isGivenBack(kube, victim)) return
  await startJob(restoringJob(cap), context)
  await endJob(back, context)
}

/** No GPU has the limit that we set, as the victim itself says: false where it cannot say. */
const isGivenBack = async (kube: FaultKube, victim: Plan['victims'][number]): Promise<boolean> => {
  const { watts, gpus } = victim.cap
  try {
    const limits = (await limitsOf(kube, victim)) ?? []
    return limits.length === gpus.length && limits.every((limit) => limit > 0 && Math.floor(limit) !== watts)
  } catch {
    return false
  }
}

/** Watts, as the victim's own nvidia-smi tells them; null where the victim is gone. */
const limitsOf = async (kube: FaultKube, pod: ExecPod): Promise<number[] | null> => {
  const command = ['nvidia-smi', '--query-gpu=power.limit', '--format=csv,noheader,nounits']
  const text = await run(kube, pod, command)
  return text === null ? null : text.trim().split('\n').map(Number)
}
