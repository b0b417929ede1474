import type { Container, WorkloadDocument } from './document.ts'

/** What `kubectl logs` and `kubectl exec` go by. */
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

/** The one that its template says is the default, else the one with a GPU, else the only one; null where nothing tells them apart. */
export const servingContainer = ({ spec: { template } }: WorkloadDocument): Container | null => {
  const { containers } = template.spec
  const named = template.metadata?.annotations?.[DEFAULT_CONTAINER]
  if (named !== undefined) return containers.find(({ name }) => name === named) ?? null
  return only(containers.filter(hasGpu)) ?? only(containers)
}

// --- Internal helpers ---

const hasGpu = ({ resources }: Container): boolean =>
  Object.keys(resources.limits).some((resource) => /\/gpu$|\/mig-/.test(resource))

const only = (containers: readonly Container[]): Container | null =>
  containers.length === 1 ? (containers[0] ?? null) : null
