import { errorMessage } from '../../lib/core/errors.ts'
import type { Observer } from '../../lib/core/fault.ts'
import { defineCapability } from '../controller/capability.ts'

/** Memory of the nodes' GPUs as dcgm-exporter tells it. */
export default defineCapability({
  name: 'gpu-metrics',
  summary: 'GPU memory metrics (dcgm-exporter) in Prometheus',
  needs: [],

  async ask({ observe }) {
    const metrics = ['DCGM_FI_DEV_FB_USED', 'DCGM_FI_DEV_FB_FREE'].map((metric) => byNode(observe, metric))
    const asked = await Promise.all(metrics).catch(errorMessage)
    const [used, free] = typeof asked === 'string' ? [] : asked
    if (used === undefined || free === undefined || free.size === 0) {
      const found = typeof asked === 'string' ? `no answer: ${asked}` : 'no such series'
      return { ok: false, reason: `expected DCGM_FI_DEV_FB_FREE in Prometheus, found ${found}` }
    }
    const nodes = [...free].map(([node, { sum: freeMiB, gpus }]) => {
      return [node, { freeMiB, usedMiB: used.get(node)?.sum ?? 0, gpus }] as const
    })
    return { ok: true, nodes: Object.fromEntries(nodes) }
  },
})

// --- Internal helpers ---

interface Memory {
  sum: number
  gpus: number
}

/** MiB per node, all of its GPUs together. `node` comes from the scrape, `Hostname` from the exporter. */
const byNode = async (observe: Observer, metric: string): Promise<Map<string, Memory>> => {
  const nodes = new Map<string, Memory>()
  for (const { labels, value } of await observe.query(metric)) {
    const node = labels['node'] ?? labels['Hostname']
    if (node === undefined) continue
    const { sum, gpus } = nodes.get(node) ?? { sum: 0, gpus: 0 }
    nodes.set(node, { sum: sum + value, gpus: gpus + 1 })
  }
  return nodes
}
