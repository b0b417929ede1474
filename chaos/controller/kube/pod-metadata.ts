import type { MetadataChange, PodMetadataCalls } from '../../../lib/core/fault-kube/pod-metadata.ts'
import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import { type Kube, isConflict, orNull } from '../../../lib/kube/client.ts'
import type { V1Pod } from '../../../lib/kube/types.ts'

export const podMetadataCalls = (kube: Kube, { metadata: { namespace } }: FaultResource): PodMetadataCalls => ({
  async changePod({ name, uid }, change) {
    for (let attempt = 1; ; attempt += 1) {
      const found = await orNull(kube.core.readNamespacedPod({ namespace, name }))
      if (found === null || found.metadata?.uid !== uid) return
      const { labels = {}, annotations = {} } = found.metadata
      const wanted = change({ labels, annotations })
      if (wanted === null) return
      try {
        await orNull(kube.core.patchNamespacedPod({ namespace, name, body: patch(found, wanted) }))
        return
      } catch (error) {
        if (!isConflict(error) || attempt === ATTEMPTS) throw error
      }
    }
  },
})

// --- Internal helpers ---

/** The kubelet writes a pod's status often while it starts. */
const ATTEMPTS = 20

/** JSON Patch (RFC 6902). The resourceVersion makes the API server refuse it (409) where somebody has written since. */
const patch = ({ metadata }: V1Pod, { labels = {}, annotations = {} }: MetadataChange): object[] => [
  { op: 'replace', path: '/metadata/resourceVersion', value: metadata?.resourceVersion },
  ...entries('labels', metadata?.labels, labels),
  ...entries('annotations', metadata?.annotations, annotations),
]

const entries = (
  field: 'labels' | 'annotations',
  before: Record<string, string> | undefined,
  wanted: Record<string, string | null>,
): object[] => {
  const changes = Object.entries(wanted).filter(([name, value]) => value !== null || before?.[name] !== undefined)
  if (changes.length === 0) return []
  const parent = before === undefined ? [{ op: 'add', path: `/metadata/${field}`, value: {} }] : []
  return [
    ...parent,
    ...changes.map(([name, value]) => {
      const path = `/metadata/${field}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      return value === null ? { op: 'remove', path } : { op: 'add', path, value }
    }),
  ]
}
