import { OUTAGE_ANNOTATION, OUTAGE_SUPPORTED, readOutage } from '../../lib/core/node-outage.ts'
import { defineCapability } from '../controller/capability.ts'
import { nodesOf } from '../controller/kube/nodes.ts'

/** Nodes whose agent plays an outage when an annotation asks for it: it says so on the Node itself. */
export default defineCapability({
  name: 'node-outage',
  summary: 'nodes whose agent can play an outage (the embedded cluster)',
  needs: ['nodes:get'],

  async ask({ kube, pods }) {
    const able = (await nodesOf(kube, pods)).filter(
      ({ annotations }) => annotations[OUTAGE_ANNOTATION] === OUTAGE_SUPPORTED,
    )
    if (able.length === 0) {
      const reason = `expected serving pods on a node that plays outages (annotation ${OUTAGE_ANNOTATION}: ${OUTAGE_SUPPORTED}), found none`
      return { ok: false, reason }
    }
    const nodes = able.map(({ name, uid, annotations }) => {
      return [name, { uid, downBy: readOutage(annotations)?.id ?? null }] as const
    })
    return { ok: true, nodes: Object.fromEntries(nodes) }
  },
})
