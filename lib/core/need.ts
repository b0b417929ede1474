/** What the API server is asked to allow: `resource[/subresource][.group]:verb`, as faults and capabilities write it. */
export interface Need {
  group: string
  resource: string
  subresource: string
  verb: string
}

export const parseNeed = (need: string): Need => {
  const found = /^(?<resource>[a-z]+)(?:\/(?<subresource>[a-z]+))?(?:\.(?<group>[a-z0-9.-]+))?:(?<verb>[a-z]+)$/.exec(
    need,
  )
  const { resource = '', subresource = '', group = '', verb = '' } = found?.groups ?? {}
  if (found === null) throw new Error(`expected resource[/subresource][.group]:verb, found "${need}"`)
  return { group, resource, subresource, verb }
}

/** As RBAC and `kubectl auth can-i` name it: `pods/eviction`. */
export const resourceOf = ({ resource, subresource }: Need): string =>
  subresource === '' ? resource : `${resource}/${subresource}`

/** Resources that live in no namespace: rights to them take a ClusterRole. A namespace itself can be read with a Role in it. */
export const isClusterScoped = ({ resource }: Need): boolean => CLUSTER_SCOPED.has(resource)

// --- Internal helpers ---

const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'nodes',
  'persistentvolumes',
  'customresourcedefinitions',
  'clusterroles',
  'storageclasses',
  'priorityclasses',
])
