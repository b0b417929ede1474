import { z } from 'zod'

/** Of `metadata`: who it is, and what the API server counts and notes. */
const OWN = new Set([
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
  'selfLink',
  'name',
  'namespace',
])
/** The Deployment controller's notes on its rollouts, and when pods were last restarted as `kubectl rollout restart` does it. */
const NOTES = /^(deployment\.kubernetes\.io\/|kubectl\.kubernetes\.io\/restartedAt$)/
const HASH = 'pod-template-hash'

const Meta = z.looseObject({
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string() })).default([]),
})
const Item = z.looseObject({ metadata: Meta })
type Item = z.infer<typeof Item>

/** An object's spec, data, labels, annotations and finalizers: what somebody wrote. Its status follows from that. */
export const normalised = (object: Record<string, unknown>): unknown => {
  const { status: _, apiVersion: __, kind: ___, ...rest } = Item.parse(object)
  return readable({ ...rest, metadata: written(rest.metadata), ...withoutRestart(rest) })
}

/**
 * A pod or ReplicaSet without what tells it from others of its kind: names, hashes, node and volume of its token. Null for what
 * is history: a ReplicaSet that asks for nothing, a pod that is going.
 */
export const podKind = (name: string, object: Record<string, unknown>): unknown => {
  const item = Item.parse(object)
  if (name === 'replicasets.apps') {
    const { spec } = z.object({ spec: z.looseObject({ replicas: z.number().default(0) }) }).parse(object)
    return spec.replicas === 0 ? null : { ...described(item), replicas: spec.replicas }
  }
  const { spec, status } = Pod.parse(object)
  if (item.metadata['deletionTimestamp'] !== undefined) return { ...described(item), going: true }
  const ready = status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True')
  const all = [...spec.initContainers, ...spec.containers, ...spec.ephemeralContainers]
  const containers = all.map((container) => ({ ...container, volumeMounts: undefined }))
  return { ...described(item), ready, containers, nodeSelector: spec.nodeSelector, phase: status.phase }
}

// --- Internal helpers ---

const Containers = z.array(z.record(z.string(), z.unknown())).default([])
const Pod = z.object({
  spec: z.object({
    containers: Containers,
    initContainers: Containers,
    ephemeralContainers: Containers,
    nodeSelector: z.record(z.string(), z.string()).default({}),
  }),
  status: z
    .object({
      phase: z.string().default(''),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    })
    .prefault({}),
})

const Annotated = z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) })
const Workload = z.object({ spec: z.looseObject({ template: z.looseObject({ metadata: Annotated }) }) })

const written = (metadata: Item['metadata']): Record<string, unknown> => {
  const { annotations, ownerReferences, ...rest } = metadata
  const kept = Object.entries(rest).filter(([key]) => !OWN.has(key))
  const notes = Object.entries(annotations).filter(([key]) => !NOTES.test(key))
  const owners = ownerReferences.map(({ kind, name }) => ({ kind, name }))
  return { ...Object.fromEntries(kept), annotations: Object.fromEntries(notes), owners }
}

/** Of a workload, whose pod template has annotations of its own. */
const withoutRestart = (object: Record<string, unknown>): Record<string, unknown> => {
  const { success, data } = Workload.safeParse(object)
  if (!success) return {}
  const { template } = data.spec
  const notes = Object.entries(template.metadata.annotations).filter(([key]) => !NOTES.test(key))
  const metadata = { ...template.metadata, annotations: Object.fromEntries(notes) }
  return { spec: { ...data.spec, template: { ...template, metadata } } }
}

const described = ({ metadata }: Item) => {
  const { labels, annotations, ownerReferences, ['finalizers']: finalizers = [] } = metadata
  return {
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => key !== HASH)),
    annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => !NOTES.test(key))),
    finalizers,
    owners: ownerReferences.map(({ kind }) => kind),
  }
}

/** Documents inside of strings (a ConfigMap's JSON) are compared by what they say. */
const readable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, readable(inner)]))
  if (typeof value !== 'string' || !/^\s*[{[]/.test(value)) return value
  try {
    return readable(JSON.parse(value))
  } catch {
    return value
  }
}
