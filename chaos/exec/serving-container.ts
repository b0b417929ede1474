import type { V1Pod } from '../../lib/kube/types.ts'

/** The container that `kubectl exec` takes, else the one with a GPU, else the only one; null where nothing tells them apart. */
export const servingContainer = ({ metadata, spec }: V1Pod) => {
  const containers = spec?.containers ?? []
  const named = metadata?.annotations?.['kubectl.kubernetes.io/default-container']
  const chosen = named === undefined ? containers.filter(hasGpu) : containers.filter(({ name }) => name === named)
  return only(chosen) ?? (named === undefined ? only(containers) : null)
}

// --- Internal helpers ---

type Container = NonNullable<V1Pod['spec']>['containers'][number]

const hasGpu = ({ resources }: Container): boolean =>
  Object.keys(resources?.limits ?? {}).some((resource) => /\/gpu$|\/mig-/.test(resource))

const only = (containers: readonly Container[]): Container | null =>
  containers.length === 1 ? (containers[0] ?? null) : null
