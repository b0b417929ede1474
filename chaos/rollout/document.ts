import { z } from 'zod'
import { Probe, type WorkloadFields, type WorkloadRef } from '../../lib/core/fault-kube/workload.ts'

const Owner = z.looseObject({ kind: z.string(), name: z.string(), controller: z.boolean().optional() })

const Container = z.looseObject({
  name: z.string(),
  image: z.string().default(''),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).nullable().default(null),
  env: z.array(z.object({ name: z.string(), value: z.string().optional(), valueFrom: Probe.optional() })).default([]),
  ports: z.array(z.object({ name: z.string().optional(), containerPort: z.number() })).default([]),
  startupProbe: Probe.nullable().default(null),
  readinessProbe: Probe.nullable().default(null),
  livenessProbe: Probe.nullable().default(null),
  resources: z.looseObject({ limits: z.record(z.string(), z.unknown()).default({}) }).default({ limits: {} }),
})
export type Container = z.infer<typeof Container>

const Share = z.union([z.number(), z.string()])

/** A Deployment or StatefulSet as the API server writes it, as far as faults look at it. */
export const WorkloadDocument = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    generation: z.number().default(0),
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(Owner).default([]),
  }),
  spec: z.looseObject({
    replicas: z.number().default(1),
    paused: z.boolean().default(false),
    /** Of a Deployment. */
    strategy: z
      .looseObject({
        type: z.string().optional(),
        rollingUpdate: z.looseObject({ maxUnavailable: Share.optional(), maxSurge: Share.optional() }).optional(),
      })
      .default({}),
    /** Of a StatefulSet. */
    updateStrategy: z.looseObject({ type: z.string().optional() }).default({}),
    template: z.looseObject({
      metadata: z
        .looseObject({ annotations: z.record(z.string(), z.string()).optional() })
        .nullable()
        .default(null),
      spec: z.looseObject({ containers: z.array(Container) }),
    }),
  }),
  status: z
    .looseObject({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
    })
    .prefault({}),
})
export type WorkloadDocument = z.infer<typeof WorkloadDocument>

/** The fields that a fault may change, as they are now; null where the container is gone. */
export const fieldsOf = ({ spec }: WorkloadDocument, { container }: Pick<WorkloadRef, 'container'>) => {
  const found = spec.template.spec.containers.find(({ name }) => name === container)
  if (found === undefined) return null
  const { image, args, startupProbe, readinessProbe } = found
  return { replicas: spec.replicas, image, args, startupProbe, readinessProbe } satisfies WorkloadFields
}

/** Every pod is of the present template, and no other is left. A paused rollout goes nowhere: it counts as over. */
export const isRolledOut = ({ metadata, spec, status }: WorkloadDocument): boolean =>
  spec.paused ||
  (status.observedGeneration >= metadata.generation &&
    status.updatedReplicas === spec.replicas &&
    status.replicas === spec.replicas)

/** How many pods a change of the template takes away at a time, by the controllers' own rules; null where it takes none. */
export const takenAtOnce = (kind: WorkloadRef['kind'], { spec }: WorkloadDocument): number | null => {
  if (kind === 'StatefulSet') return spec.updateStrategy.type === 'OnDelete' ? null : Math.min(1, spec.replicas)
  if (spec.strategy.type === 'Recreate') return spec.replicas
  const { maxUnavailable = '25%', maxSurge = '25%' } = spec.strategy.rollingUpdate ?? {}
  const away = absolute(maxUnavailable, spec.replicas, Math.floor)
  // Where neither may be, the Deployment's controller takes one away.
  const surge = absolute(maxSurge, spec.replicas, Math.ceil)
  return Math.min(away === 0 && surge === 0 ? 1 : away, spec.replicas)
}

// --- Internal helpers ---

const absolute = (share: number | string, replicas: number, round: (value: number) => number): number =>
  typeof share === 'number' ? share : round((Number.parseFloat(share) / 100) * replicas)
