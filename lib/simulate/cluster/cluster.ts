import { createHash } from 'node:crypto'
import { createLedger, type Ledger } from '../../../stack/apps/gpu-emulator/ledger.ts'
import type { PodRecord } from '../../core/run-folder.ts'
import type { Random } from '../../core/random.ts'
import type { Clockwork } from '../clockwork.ts'
import { type ServingProcess, startServingProcess } from '../serving/process.ts'
import type { SimulatedStack } from '../stack.ts'
import { type JobManifest, programOf } from './job.ts'
import { createKubelet } from './kubelet.ts'
import { newPodName, newUid } from './names.ts'
import { createPodStore, NOT_STARTED, type Pod, podRecord, type PodStore } from './pod.ts'
import { runReplicaSet } from './replica-set.ts'

/** The namespace of the serving pods, with its nodes' GPUs. */
export interface Cluster {
  readonly pods: PodStore
  /** By node. */
  readonly gpus: ReadonlyMap<string, Ledger>
  /** Those of the serving Deployment, on their way out or not. */
  servingPods(): Pod[]
  /** The run of the pod's program, if it has one. */
  processOf(pod: Pod): ServingProcess | null
  deletePod(pod: Pod, graceMs: number): void
  createJob(job: JobManifest): void
  deleteJob(name: string): void
  jobPods(name: string): Pod[]
  /** Every change so far. */
  readonly records: readonly PodRecord[]
}

export interface ClusterOptions {
  clock: Clockwork
  stack: SimulatedStack
  random: Random
  /** Metrics that are kept; all where null. */
  wanted: ((metric: string) => boolean) | null
}

export const createCluster = ({ clock, stack, random, wanted }: ClusterOptions): Cluster => {
  const { serving, gpuNodes, gpu } = stack
  const pods = createPodStore()
  const gpus = new Map(gpuNodes.map((node) => [node, createLedger(gpu.totalMiB)]))
  const processes = new Map<Pod, ServingProcess>()
  const jobs = new Map<string, JobManifest>()
  const records: PodRecord[] = []
  pods.onChange((pod, change) => records.push(podRecord(pod, change, clock.now())))
  let addresses = FIRST_ADDRESS
  const newIp = (): string => `127.1.0.${addresses++}`
  const replicaSet = `${serving.deployment}-${hashOf(serving.image)}`
  const ledgerOf = ({ node }: Pod): Ledger => {
    const ledger = gpus.get(node ?? '')
    if (ledger === undefined) throw new Error(`node ${node} has no GPU`)
    return ledger
  }

  const kubelet = createKubelet({
    clock,
    pods,
    restarts: ({ owner }) => owner.kind === 'ReplicaSet',
    probePeriodMs: ({ owner }) => (owner.kind === 'ReplicaSet' ? serving.probePeriodMs : CO_TENANT_PROBE_MS),
    start: (pod, onExit) => {
      const holder = { pod: `${serving.namespace}/${pod.name}`, uid: pod.uid }
      if (pod.owner.kind === 'Job') {
        const args = jobs.get(pod.owner.name)?.spec.template.spec.containers[0]?.args ?? []
        const program = programOf(pod.image)
        if (program === undefined) throw new Error(`nobody knows what ${pod.image} does`)
        return program({ clock, gpu: ledgerOf(pod), holder, args, onExit })
      }
      const process = startServingProcess({
        clock,
        serving,
        wanted,
        gpu: ledgerOf(pod),
        holder: { ...holder, container: pod.container },
        onExit: (code) => {
          processes.delete(pod)
          onExit(code)
        },
      })
      processes.set(pod, process)
      return { isHealthy: () => process.serving() !== null, terminate: process.terminate, kill: process.kill }
    },
  })
  const jobPods = (name: string): Pod[] =>
    [...pods.all()].filter(({ owner }) => owner.kind === 'Job' && owner.name === name)

  runReplicaSet({
    clock,
    pods,
    kubelet,
    random,
    name: replicaSet,
    replicas: serving.replicas,
    container: serving.container,
    image: serving.image,
    nodes: gpuNodes,
    newIp,
  })
  return {
    pods,
    gpus,
    records,
    servingPods: () => [...pods.all()].filter(({ owner }) => owner.name === replicaSet),
    processOf: (pod) => processes.get(pod) ?? null,
    deletePod: kubelet.delete,
    createJob: (job) => {
      const { name } = job.metadata
      const [container] = job.spec.template.spec.containers
      if (jobs.has(name) || container === undefined) return
      jobs.set(name, job)
      clock.after(JOB_MS, () => {
        if (!jobs.has(name)) return
        const pod: Pod = {
          name: newPodName(name, random),
          uid: newUid(random),
          owner: { kind: 'Job', name },
          container: container.name,
          image: container.image,
          node: job.spec.template.spec.nodeName,
          ip: newIp(),
          ...NOT_STARTED,
        }
        pods.add(pod)
        kubelet.run(pod)
      })
    },
    deleteJob: (name) => {
      jobs.delete(name)
      for (const pod of jobPods(name)) kubelet.delete(pod, 0)
    },
    jobPods,
  }
}

// --- Internal helpers ---

/** The first ones are those of the gateway and the monitoring. */
const FIRST_ADDRESS = 6
const CO_TENANT_PROBE_MS = 1_000
/** The Job controller's way from the object to its pod. */
const JOB_MS = 20

/** In place of the hash of the pod template. */
const hashOf = (image: string): string => createHash('sha256').update(image).digest('hex').slice(0, 9)
