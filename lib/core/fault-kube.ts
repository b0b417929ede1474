import type { EvictionCalls } from './fault-kube/eviction.ts'
import type { ExecCalls } from './fault-kube/exec.ts'
import type { NodeCalls } from './fault-kube/node.ts'
import type { ObjectCalls } from './fault-kube/object.ts'
import type { PodMetadataCalls } from './fault-kube/pod-metadata.ts'
import type { WorkloadCalls } from './fault-kube/workload.ts'
import type { ServingPod } from './target-snapshot.ts'

/** What a fault may do to the cluster. Every call is idempotent, or guarded by a UID. */
export interface FaultKube
  extends
    PodCalls,
    ConfigMapCalls,
    JobCalls,
    WorkloadCalls,
    EvictionCalls,
    NodeCalls,
    ExecCalls,
    PodMetadataCalls,
    ObjectCalls {}

export interface PodCalls {
  /** Deletes exactly this pod: a replacement under the same name is left alone. Resolves when the API has accepted it, also when it was gone. */
  deletePod(name: string, options: { uid: string; gracePeriodSeconds: number }): Promise<void>
  /** The named pods that still exist with that UID and are not being deleted. */
  alive(pods: readonly { name: string; uid: string }[]): Promise<string[]>
  /** Serving pods now, by the target's selector. */
  servingPods(): Promise<ServingPod[]>
}

export interface ConfigMapCalls {
  readConfigMapKey(name: string, key: string): Promise<string | null>
  /** Fails with a conflict where the value is no longer `expected`. */
  writeConfigMapKey(name: string, key: string, value: string, expected: string): Promise<void>
}

/** Jobs that the fault creates: they carry its labels and belong to it. */
export interface JobCalls {
  createJob(job: Record<string, unknown>): Promise<void>
  /** Deletes the Job and its pods in the foreground; resolves at once where there is none. */
  deleteJob(name: string): Promise<void>
  /** True once a pod of the Job is ready. */
  jobRunning(name: string): Promise<boolean>
  /** It has failed, or is done, or somebody deleted it: no pod of it becomes ready any more. */
  jobEnded(name: string): Promise<boolean>
  jobGone(name: string): Promise<boolean>
}
