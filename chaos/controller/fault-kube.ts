import type { FaultKube } from '../../lib/core/fault.ts'
import { FAULT_API_VERSION, FAULT_LABEL, type FaultResource, RUN_LABEL } from '../../lib/core/fault-resource.ts'
import { type Kube, isConflict, orNull } from '../../lib/kube/client.ts'
import type { V1Job } from '../../lib/kube/types.ts'
import { faultId } from './fault-id.ts'
import { evictionCalls } from './kube/eviction.ts'
import { execCalls } from './kube/exec.ts'
import { nodeCalls } from './kube/nodes.ts'
import { objectCalls } from './kube/objects.ts'
import { podMetadataCalls } from './kube/pod-metadata.ts'
import { workloadCalls } from './kube/workload.ts'
import { servingState } from './serving.ts'

/**
 * What one Fault may do: in its own namespace, and to nodes, which have none. Objects it creates carry its labels and belong to it.
 */
export const faultKube = (kube: Kube, fault: FaultResource): FaultKube => {
  const { namespace } = fault.metadata
  const id = faultId(fault)

  const podsOfJob = async (name: string) =>
    (await kube.core.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` })).items

  const ownJob = async (name: string): Promise<V1Job | null> => {
    const job = await orNull(kube.batch.readNamespacedJob({ namespace, name }))
    if (job !== null && job.metadata?.labels?.[FAULT_LABEL] !== id)
      throw new Error(`the Job ${name} belongs to somebody else`)
    return job
  }

  return {
    ...workloadCalls(kube, fault),
    ...evictionCalls(kube, fault),
    ...nodeCalls(kube),
    ...execCalls(kube, fault),
    ...podMetadataCalls(kube, fault),
    ...objectCalls(kube, fault),

    async deletePod(name, { uid, gracePeriodSeconds }) {
      const body = { gracePeriodSeconds, preconditions: { uid } }
      await goneIsFine(kube.core.deleteNamespacedPod({ namespace, name, body }))
    },

    async alive(pods) {
      const found = await Promise.all(pods.map(({ name }) => orNull(kube.core.readNamespacedPod({ namespace, name }))))
      return pods
        .filter(({ uid }, index) => found[index]?.metadata?.uid === uid && !found[index]?.metadata?.deletionTimestamp)
        .map(({ name }) => name)
    },

    servingPods: async () => (await servingState(kube, namespace, fault.spec.target.selector)).pods,

    async readConfigMapKey(name, key) {
      return (await orNull(kube.core.readNamespacedConfigMap({ namespace, name })))?.data?.[key] ?? null
    },

    async writeConfigMapKey(name, key, value, expected) {
      const found = await kube.core.readNamespacedConfigMap({ namespace, name })
      if (found.data?.[key] !== expected) throw new Error(`conflict: ${name}/${key} is no longer what was read`)
      // The resourceVersion that was read makes the API server refuse where somebody wrote since.
      await kube.core.replaceNamespacedConfigMap({
        namespace,
        name,
        body: { ...found, data: { ...found.data, [key]: value } },
      })
    },

    async createJob(job) {
      const body = owned(job as V1Job, fault)
      try {
        await kube.batch.createNamespacedJob({ namespace, body })
      } catch (error) {
        if (!isConflict(error)) throw error
        await ownJob(body.metadata?.name ?? '')
      }
    },

    async deleteJob(name) {
      const uid = (await ownJob(name))?.metadata?.uid
      if (uid === undefined) return
      const body = { propagationPolicy: 'Foreground', preconditions: { uid } }
      await goneIsFine(kube.batch.deleteNamespacedJob({ namespace, name, body }))
    },

    async jobRunning(name) {
      const isReady = (type: string, status: string): boolean => type === 'Ready' && status === 'True'
      return (await podsOfJob(name)).some(({ status }) => status?.conditions?.some((is) => isReady(is.type, is.status)))
    },

    async jobEnded(name) {
      const job = await orNull(kube.batch.readNamespacedJob({ namespace, name }))
      const isEnd = (type: string, status: string): boolean => /^(Failed|Complete)$/.test(type) && status === 'True'
      return job === null || (job.status?.conditions?.some((is) => isEnd(is.type, is.status)) ?? false)
    },

    async jobGone(name) {
      const job = await orNull(kube.batch.readNamespacedJob({ namespace, name }))
      return job === null && (await podsOfJob(name)).length === 0
    },
  }
}

// --- Internal helpers ---

/** 404: gone. 409: the name is another object's by now. */
const goneIsFine = async (call: Promise<unknown>): Promise<void> => {
  try {
    await orNull(call)
  } catch (error) {
    if (!isConflict(error)) throw error
  }
}

/** The garbage collector takes the Job away, should the Fault vanish past its finalizer. */
const owned = (job: V1Job, fault: FaultResource): V1Job => {
  const { name, uid = '', labels: { [RUN_LABEL]: run } = {} } = fault.metadata
  const labels = { [FAULT_LABEL]: faultId(fault), ...(run === undefined ? {} : { [RUN_LABEL]: run }) }
  const owner = { apiVersion: FAULT_API_VERSION, kind: 'Fault', name, uid }
  const { metadata, spec } = job
  return {
    ...job,
    metadata: { ...metadata, labels: { ...metadata?.labels, ...labels }, ownerReferences: [owner] },
    ...(spec === undefined ? {} : { spec: { ...spec, template: labelled(spec.template, labels) } }),
  }
}

type Template = NonNullable<V1Job['spec']>['template']

const labelled = (template: Template, labels: Record<string, string>): Template => ({
  ...template,
  metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } },
})
