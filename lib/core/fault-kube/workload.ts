import { z } from 'zod'

/** The one Deployment or StatefulSet that owns the serving pods; a workload of another UID is another one. */
export interface WorkloadRef {
  kind: 'Deployment' | 'StatefulSet'
  name: string
  uid: string
  /** The serving container's name. */
  container: string
}

/** A probe as the API server gives it. */
export const Probe = z.record(z.string(), z.unknown())
export type Probe = z.infer<typeof Probe>

/** What a fault may change of a workload; null where the field is not set. */
export const WorkloadFields = z.strictObject({
  replicas: z.number().int().nonnegative().optional(),
  image: z.string().optional(),
  args: z.array(z.string()).nullable().optional(),
  startupProbe: Probe.nullable().optional(),
  readinessProbe: Probe.nullable().optional(),
})
export type WorkloadFields = z.infer<typeof WorkloadFields>

/** One change with its way back: both sides have the same fields. */
export interface WorkloadChange {
  workload: WorkloadRef
  before: WorkloadFields
  after: WorkloadFields
}

/** What `plan` may know of the workload. Its rollout is over, and no fault has marked it. */
export interface WorkloadFacts extends WorkloadRef {
  replicas: number
  /** The hash of its pod template, as its pods carry it: pods with another one are of another template. */
  revision: string
  image: string
  command: string[]
  args: string[] | null
  env: { name: string; value?: string | undefined; valueFrom?: Record<string, unknown> | undefined }[]
  ports: { name?: string | undefined; containerPort: number }[]
  startupProbe: Probe | null
  readinessProbe: Probe | null
  livenessProbe: Probe | null
  /** How many serving pods a change of the template takes away at a time; null where it takes none (`OnDelete`). */
  atOnce: number | null
  /** The HorizontalPodAutoscaler that sets its replicas. */
  autoscaler: string | null
}

export interface WorkloadCalls {
  /**
   * Sets the fields and marks the workload as this fault's, in one write; nothing where it has this mark already. Throws where it is gone
   * or another one, has another fault's mark, or is no longer as planned.
   */
  changeWorkload(change: WorkloadChange): Promise<void>
  /**
   * Takes back the change and the mark, in one write. What somebody else has set meanwhile stays; a workload without this fault's mark, gone
   * or another one is left alone.
   */
  restoreWorkload(change: WorkloadChange): Promise<void>
  /** As `kubectl rollout restart` at this time (RFC 3339): a second time changes nothing. Throws as `changeWorkload`. */
  restartWorkload(workload: WorkloadRef, at: string): Promise<void>
}
