import { z } from 'zod'

/** Whatever a controller makes pods from, as the API server gives it back. */
const Templated = z.looseObject({
  apiVersion: z.string(),
  kind: z.enum(['Job', 'Deployment', 'StatefulSet']),
  metadata: z.looseObject({ name: z.string(), uid: z.string() }),
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z
        .looseObject({
          labels: z.record(z.string(), z.string()).nullish(),
          annotations: z.record(z.string(), z.string()).nullish(),
        })
        .nullish(),
      spec: z.looseObject({ volumes: z.array(z.looseObject({ name: z.string() })).nullish() }),
    }),
    volumeClaimTemplates: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).nullish(),
  }),
})
type Templated = z.infer<typeof Templated>

export interface StartedPod {
  /** It comes beside what is there. A workload's takes the place of another. */
  additional: boolean
  manifest: Record<string, unknown>
}

/** The pod that the owner's controller would make of it; null for what makes none. */
export const podOf = (written: unknown): StartedPod | null => {
  const found = Templated.safeParse(written)
  if (!found.success) return null
  const { apiVersion, kind, metadata, spec } = found.data
  const { name, uid } = metadata
  const { labels, annotations } = spec.template.metadata ?? {}
  // Policies tell pods that nobody keeps by their owners. A Deployment's are a ReplicaSet's, which is not there yet.
  const owner = { apiVersion, kind: kind === 'Deployment' ? 'ReplicaSet' : kind, name, uid, controller: true }
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: `${name}-`, labels, annotations, ownerReferences: [owner] },
    spec: withClaims(found.data),
  }
  return { additional: kind === 'Job', manifest }
}

// --- Internal helpers ---

/** A StatefulSet's controller adds a volume for each claim, in place of the template's own of that name. Any ordinal will do. */
const withClaims = ({
  metadata,
  spec: { template, volumeClaimTemplates },
}: Templated): Templated['spec']['template']['spec'] => {
  const claimed = (volumeClaimTemplates ?? []).map(({ metadata: { name } }) => name)
  if (claimed.length === 0) return template.spec
  const volumes = [
    ...claimed.map((name) => ({ name, persistentVolumeClaim: { claimName: `${name}-${metadata.name}-0` } })),
    ...(template.spec.volumes ?? []).filter(({ name }) => !claimed.includes(name)),
  ]
  return { ...template.spec, volumes }
}
