import type { FaultKube, ServingPod } from '../../core/fault.ts'
import { UserError } from '../../core/errors.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { JobManifest, programOf, PROGRAMS } from '../cluster/job.ts'
import type { Pod } from '../cluster/pod.ts'

/** A ConfigMap's one key, and who follows it. */
export interface FlagStore {
  readonly configMap: string
  readonly key: string
  read(): string
  write(document: string): void
}

/**
 * What the simulated cluster lets faults do, as `resource:verb`. A fault that needs anything else has no counterpart here and
 * is refused by name.
 */
export const SIMULATED_NEEDS: ReadonlySet<string> = new Set([
  'configmaps:get',
  'configmaps:update',
  'jobs.batch:get',
  'jobs.batch:create',
  'jobs.batch:delete',
  'pods:get',
  'pods:list',
  'pods:delete',
])

/** One call's way to the API server and back, as measured with the controller on the embedded cluster. */
const CALL_MS = 20
const MS_IN_SECOND = 1_000

/** The hand that faults have on a real cluster, here on the simulated one. */
export const simulatedKube = (clock: Clockwork, cluster: Cluster, flags: FlagStore): FaultKube => {
  const call = async <T>(act: () => T): Promise<T> => {
    await clock.sleep(CALL_MS)
    return act()
  }
  const find = (name: string, uid: string): Pod | undefined =>
    [...cluster.pods.all()].find((pod) => pod.name === name && pod.uid === uid && !pod.isDeleting)
  return {
    deletePod: (name, { uid, gracePeriodSeconds }) =>
      call(() => {
        const pod = find(name, uid)
        if (pod !== undefined) cluster.deletePod(pod, gracePeriodSeconds * MS_IN_SECOND)
      }),
    alive: (pods) => call(() => pods.filter(({ name, uid }) => find(name, uid) !== undefined).map(({ name }) => name)),
    servingPods: () => call(() => servingPods(cluster)),
    readConfigMapKey: (name, key) => call(() => (name === flags.configMap && key === flags.key ? flags.read() : null)),
    writeConfigMapKey: (name, key, value, expected) =>
      call(() => {
        if (name !== flags.configMap || key !== flags.key) throw new Error(`there is no ConfigMap ${name} with ${key}`)
        if (flags.read() !== expected) throw new Error(`conflict: ${name} has changed`)
        flags.write(value)
      }),
    createJob: (job) =>
      call(() => {
        const manifest = JobManifest.parse(job)
        requireProgram(manifest)
        cluster.createJob(manifest)
      }),
    deleteJob: (name) => call(() => cluster.deleteJob(name)),
    jobRunning: (name) => call(() => cluster.jobPods(name).some(({ ready, isDeleting }) => ready && !isDeleting)),
    // They run until somebody deletes them.
    jobEnded: () => call(() => false),
    jobGone: (name) => call(() => cluster.jobPods(name).length === 0),
    changeWorkload: notSimulated('changeWorkload'),
    restoreWorkload: notSimulated('restoreWorkload'),
    restartWorkload: notSimulated('restartWorkload'),
    evictPod: notSimulated('evictPod'),
    changePod: notSimulated('changePod'),
    createObject: notSimulated('createObject'),
    readObject: notSimulated('readObject'),
    deleteObject: notSimulated('deleteObject'),
    exec: notSimulated('exec'),
    readNode: notSimulated('readNode'),
    changeNode: notSimulated('changeNode'),
  }
}

/** In the order in which the controller sees them (chaos/controller/serving.ts): the same seed, the same victims. */
export const servingPods = (cluster: Cluster): ServingPod[] =>
  cluster
    .servingPods()
    .filter(({ isDeleting }) => !isDeleting)
    .map(({ name, uid, node, ready, image, restarts, reason }) => ({
      name,
      uid,
      node: node ?? '',
      ready,
      image,
      restarts,
      reason,
      owned: true,
    }))
    .sort((a, b) => compare(a.node, b.node) || compare(a.name, b.name))

// --- Internal helpers ---

/** A bug where it is reached: SIMULATED_NEEDS keeps faults away that need it. */
const notSimulated = (call: string) => (): Promise<never> =>
  Promise.reject(new Error(`the simulated cluster has no ${call}`))

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

const requireProgram = ({ spec }: JobManifest): void => {
  for (const { image } of spec.template.spec.containers) {
    if (programOf(image) !== undefined) continue
    throw new UserError({
      code: 'image-not-simulated',
      message: `expected a program that the simulation knows (${Object.keys(PROGRAMS).join(', ')}), found ${image}`,
      hint: 'run this scenario on a cluster: firedrill run',
    })
  }
}
