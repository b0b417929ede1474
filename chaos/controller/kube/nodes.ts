import type { NodeCalls, NodeChange, NodeState } from '../../../lib/core/fault-kube/node.ts'
import { type Kube, isConflict, orNull } from '../../../lib/kube/client.ts'
import type { V1Node } from '../../../lib/kube/types.ts'

/** Nodes are the cluster's, not the namespace's: what a fault writes there is one annotation and the cordon, in one write. */
export const nodeCalls = (kube: Kube): NodeCalls => ({
  async readNode(name) {
    const found = await orNull(kube.core.readNode({ name }))
    return found === null ? null : nodeState(found)
  },

  async changeNode({ name, uid }, change) {
    for (let attempt = 1; ; attempt += 1) {
      const found = await orNull(kube.core.readNode({ name }))
      if (found === null || found.metadata?.uid !== uid) return
      const wanted = change(nodeState(found))
      if (wanted === null) return
      try {
        await orNull(kube.core.patchNode({ name, body: patch(found, wanted) }))
        return
      } catch (error) {
        if (!isConflict(error) || attempt === ATTEMPTS) throw error
      }
    }
  },
})

/** The nodes that these pods are bound to, each once. */
export const nodesOf = async (kube: Kube, pods: readonly { node: string }[]): Promise<NodeState[]> => {
  const names = [...new Set(pods.map(({ node }) => node))].filter((name) => name !== '').sort()
  const found = await Promise.all(names.map((name) => orNull(kube.core.readNode({ name }))))
  return found.flatMap((node) => (node === null ? [] : [nodeState(node)]))
}

// --- Internal helpers ---

const nodeState = ({ metadata, spec, status }: V1Node): NodeState => ({
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
  ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
  unschedulable: spec?.unschedulable ?? false,
  annotations: metadata?.annotations ?? {},
})

/** Its kubelet and the node controller write it often. */
const ATTEMPTS = 20

/** JSON Patch (RFC 6902). The resourceVersion makes the API server refuse it (409) where somebody has written since. */
const patch = ({ metadata, spec }: V1Node, { unschedulable, annotations = {} }: NodeChange): object[] => [
  { op: 'replace', path: '/metadata/resourceVersion', value: metadata?.resourceVersion },
  ...(metadata?.annotations === undefined ? [{ op: 'add', path: '/metadata/annotations', value: {} }] : []),
  ...Object.entries(annotations).flatMap(([name, value]) => {
    const path = `/metadata/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (value !== null) return [{ op: 'add', path, value }]
    return metadata?.annotations?.[name] === undefined ? [] : [{ op: 'remove', path }]
  }),
  ...cordon(spec?.unschedulable ?? false, unschedulable),
]

const cordon = (is: boolean, wanted = is): object[] => {
  if (is === wanted) return []
  const path = '/spec/unschedulable'
  return [wanted ? { op: 'add', path, value: true } : { op: 'remove', path }]
}
