import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import {
  type GpuReading,
  GPU_READINGS,
  injectingJob,
  type TelemetryInjection,
} from '../../lib/core/telemetry-injection.ts'
import { endJob, startJob } from '../gpu/job.ts'

interface Plan {
  victim: { name: string; node: string }
  injection: TelemetryInjection
  seconds: number
}

const readings = Object.keys(GPU_READINGS).filter((name): name is GpuReading => name in GPU_READINGS)

const params = z.strictObject({
  reading: z.enum(readings).default('temperature').describe('What DCGM is made to tell'),
  value: z.number().default(95).describe('In the unit of the reading: degrees Celsius, watts, MHz, an XID'),
  gpu: z.number().int().nonnegative().default(0).describe("DCGM's number of the GPU on the victim's node"),
  image: z
    .string()
    .min(1)
    .default('nvcr.io/nvidia/cloud-native/dcgm:4.4.2-1-ubuntu22.04')
    .describe('Of the Job that injects; has dcgmi'),
  host: z
    .string()
    .min(1)
    .default('nvidia-dcgm.gpu-operator.svc:5555')
    .describe("DCGM's host engine on the Job's own node (GPU operator with dcgm.enabled=true)"),
})

/** Synthetic by its nature: nothing happens to the GPU, only its telemetry lies. Alerts that fire on it prove the path of the alert, not the fault. */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'telemetry-only',
  summary: 'Puts a false reading of a GPU into DCGM (synthetic: the GPU itself is well)',
  group: 'observability',
  requires: [],
  asks: ['gpu-metrics'],
  needs: ['jobs.batch:get', 'jobs.batch:create', 'jobs.batch:delete'],
  moves: ['gpu'],
  signals: {
    moves: [{ signal: 'gpu-temperature', to: 'up' }],
    // No reading of a GPU: `reading` says which of them lies.
    still: ['ready-replicas', 'restarts', 'targets-up', 'ready-nodes'],
  },
  blast: 'telemetry',
  ends: {
    by: 'itself',
    how: 'each injected sample is the latest for three seconds, and the Job that repeats it has a deadline',
  },
  draw: 'band',
  params,

  plan({ params: { reading, value, gpu, image, host }, target, random, id, durationMs }) {
    const { namespace, can } = target
    const nodes = can['gpu-metrics']?.ok === true ? can['gpu-metrics'].nodes : null
    const ready = target.pods.filter((pod) => pod.ready)
    const onGpu = ready.filter(({ node }) => nodes === null || node in nodes)
    const [victim] = random.pick(onGpu, 1).map(({ name, node }) => ({ name, node }))
    if (victim === undefined) {
      const reason = `expected a ready pod of "${target.selector}" on a GPU node, found ${ready.length} ready on none`
      return { ok: false, reason }
    }
    const injection = { name: id, namespace, node: victim.node, image, host, gpu, reading, value }
    return { ok: true, plan: { victim, injection, seconds: Math.ceil(durationMs / 1_000) }, unavailable: 0 }
  },

  inject: ({ plan: { injection, seconds }, ...hand }) => startJob(injectingJob(injection, seconds), hand),

  async verify({ plan: { injection }, observe }) {
    const { node, gpu, reading, value } = injection
    const { metric } = GPU_READINGS[reading]
    const of = (label: string): string => `${metric}{${label}="${node}",gpu="${gpu}"}`
    const query = `${of('node')} or ${of('Hostname')}`
    const told = (await observe.query(query)).map((sample) => sample.value)
    const reason = `synthetic: ${metric} of GPU ${gpu} on ${node} is told as ${told.join(', ') || 'nothing'}, injected was ${value}`
    return { bit: told.includes(value), reason, facts: { synthetic: true, query, told, injected: value } }
  },

  heal: ({ plan: { injection }, ...hand }) => endJob(injection.name, hand),
})
