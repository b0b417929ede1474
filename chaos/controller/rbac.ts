import { isClusterScoped, type Need, parseNeed, resourceOf } from '../../lib/core/need.ts'

export interface RbacOptions {
  /** Of the serving pods; the service account lives there too. */
  namespace: string
  name: string
  needs: readonly string[]
}

/** Least privilege: a service account that may do what the needs say and nothing else; a ClusterRole only for what lives in no namespace. */
export const rbacManifests = ({ namespace, name, needs }: RbacOptions) => {
  const parsed = [...new Set(needs)].sort().map(parseNeed)
  const inNamespace = parsed.filter((need) => !isClusterScoped(need))
  const inCluster = parsed.filter(isClusterScoped)
  const subjects = [{ kind: 'ServiceAccount', name, namespace }]
  const wide = `${name}-${namespace}`
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    ...bound('Role', { name, namespace }, inNamespace, subjects),
    ...(inCluster.length === 0 ? [] : bound('ClusterRole', { name: wide }, inCluster, subjects)),
  ]
}

// --- Internal helpers ---

const RBAC = 'rbac.authorization.k8s.io'

const bound = (
  kind: 'Role' | 'ClusterRole',
  metadata: { name: string; namespace?: string },
  needs: readonly Need[],
  subjects: { kind: string; name: string; namespace: string }[],
) => [
  { apiVersion: `${RBAC}/v1`, kind, metadata, rules: rulesOf(needs) },
  {
    apiVersion: `${RBAC}/v1`,
    kind: `${kind}Binding`,
    metadata,
    subjects,
    roleRef: { apiGroup: RBAC, kind, name: metadata.name },
  },
]

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
}

/** One rule for the resources of a group that need the same verbs. */
const rulesOf = (needs: readonly Need[]): Rule[] => {
  const byResource = Map.groupBy(needs, (need) => `${need.group}\n${resourceOf(need)}`)
  const single = [...byResource.values()].flatMap((same) => {
    const [first] = same
    const verbs = same.map(({ verb }) => verb).sort()
    return first === undefined ? [] : [{ apiGroups: [first.group], resources: [resourceOf(first)], verbs }]
  })
  const alike = Map.groupBy(single, ({ apiGroups, verbs }) => `${apiGroups.join()}\n${verbs.join()}`)
  return [...alike.values()].flatMap((rules) => {
    const [first] = rules
    return first === undefined ? [] : [{ ...first, resources: rules.flatMap(({ resources }) => resources) }]
  })
}
