import { FAULT_LABEL } from '../../lib/core/fault-resource.ts'
import { defineCapability } from '../controller/capability.ts'
import { nodesOf } from '../controller/kube/nodes.ts'

/** The nodes of the serving pods: whether they are cordoned, and by which fault. */
export default defineCapability({
  name: 'nodes',
  summary: 'Node objects that may be read',
  needs: ['nodes:get'],

  async ask({ kube, pods }) {
    const found = await nodesOf(kube, pods)
    if (found.length === 0) return { ok: false, reason: 'expected serving pods on nodes of the cluster, found none' }
    const nodes = found.map(({ name, uid, unschedulable, annotations }) => {
      const facts = { uid, unschedulable, drainedBy: annotations[FAULT_LABEL] ?? null }
      return [name, facts] as const
    })
    return { ok: true, nodes: Object.fromEntries(nodes) }
  },
})
