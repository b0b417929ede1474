import { OUTAGE_ANNOTATION, OUTAGE_SUPPORTED, readOutage } from '../../lib/core/node-outage.ts'
import { type Kube, isConflict } from '../../lib/kube/client.ts'
import type { V1Node } from '../../lib/kube/types.ts'

/** Node objects as the agent registers them; those that are there already are left alone. */
export const createNodes = async (kube: Kube, names: readonly string[]): Promise<void> => {
  for (const name of names) {
    const body = {
      metadata: { name, annotations: { [OUTAGE_ANNOTATION]: OUTAGE_SUPPORTED } },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        // Where tests/support/containers.ts plays all kubelets.
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      },
    }
    await kube.core.createNode({ body }).catch((error: unknown) => {
      if (!isConflict(error)) throw error
    })
  }
}

export interface PlayedNode {
  name: string
  cordoned: boolean
  up: boolean
}

/** The nodes of these names, each with its Ready condition as its outage wants it: here they are missed at once. */
export const playOutages = async (kube: Kube, names: readonly string[]): Promise<PlayedNode[]> => {
  const nodes = (await kube.core.listNode()).items.filter(({ metadata }) => names.includes(metadata?.name ?? ''))
  return Promise.all(nodes.map((node) => play(kube, node)))
}

// --- Internal helpers ---

const play = async (kube: Kube, node: V1Node): Promise<PlayedNode> => {
  const { name = '', annotations } = node.metadata ?? {}
  const up = (readOutage(annotations)?.until ?? 0) <= Date.now()
  const status = up ? 'True' : 'Unknown'
  const said = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status
  if (said !== status) {
    const body = { ...node, status: { ...node.status, conditions: [{ type: 'Ready', status }] } }
    await kube.core.replaceNodeStatus({ name, body })
  }
  return { name, cordoned: node.spec?.unschedulable === true, up }
}
