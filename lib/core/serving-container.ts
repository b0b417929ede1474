interface Template<Container> {
  metadata?: { annotations?: Record<string, string> | undefined } | null | undefined
  spec?: { containers: readonly Container[] } | undefined
}

/** Of a pod or a pod template: the container that `kubectl exec` takes, else the one with a GPU, else the only one; null where nothing tells them apart. */
export const servingContainer = <Container extends Limited>({ metadata, spec }: Template<Container>) => {
  const containers = spec?.containers ?? []
  const named = metadata?.annotations?.['kubectl.kubernetes.io/default-container']
  if (named !== undefined) return containers.find(({ name }) => name === named) ?? null
  return only(containers.filter(hasGpu)) ?? only(containers)
}

// --- Internal helpers ---

interface Limited {
  name: string
  resources?: { limits?: Record<string, unknown> | undefined } | undefined
}

const hasGpu = ({ resources }: Limited): boolean =>
  Object.keys(resources?.limits ?? {}).some((resource) => /\/gpu$|\/mig-/.test(resource))

const only = <Container>(containers: readonly Container[]): Container | null =>
  containers.length === 1 ? (containers[0] ?? null) : null
