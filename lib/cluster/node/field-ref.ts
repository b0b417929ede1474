import type { V1Pod } from '../../kube/pod-types.ts'

export interface Addressed {
  podIP: string
  hostIP: string
}

/** The value of a downward API field, or null for a field that Kubernetes does not offer. */
export const fieldValue = (pod: V1Pod, fieldPath: string, { podIP, hostIP }: Addressed): string | null => {
  const { metadata, spec } = pod
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath)
  if (keyed !== null) {
    return (keyed[1] === 'labels' ? metadata?.labels : metadata?.annotations)?.[keyed[2] ?? ''] ?? ''
  }
  switch (fieldPath) {
    case 'metadata.name':
      return metadata?.name ?? ''
    case 'metadata.namespace':
      return metadata?.namespace ?? ''
    case 'metadata.uid':
      return metadata?.uid ?? ''
    case 'metadata.labels':
      return formatMap(metadata?.labels)
    case 'metadata.annotations':
      return formatMap(metadata?.annotations)
    case 'spec.nodeName':
      return spec?.nodeName ?? ''
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? ''
    case 'status.podIP':
    case 'status.podIPs':
      return podIP
    case 'status.hostIP':
    case 'status.hostIPs':
      return hostIP
    default:
      return null
  }
}

// --- Internal helpers ---

/** `key="value"` lines in the order of the keys, values quoted as Go quotes them. */
const formatMap = (map: Record<string, string> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')
