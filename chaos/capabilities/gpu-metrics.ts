import type { Observer } from '../../lib/core/fault.ts'
import { defineCapability } from '../controller/capability.ts'

/** Memory of the nodes' GPUs as dcgm-exporter tells it. */
export default defineCapability({
  name: 'gpu-metrics',
  summary: 'GPU memory metrics (dcgm-exporter) in Prometheus',
  needs: [],

  async ask({ observe }) {
    const metrics = ['DCGM_FI_DEV_FB_USED', 'DCGM_FI_DEV_FB_FREE'].map((metric) => byNode(observe, metric))
    // Prometheus out of reach: nothing is known, as without an exporter.
    const [used, free] = await Promise.all(metrics).catch(() => [])
    if (used === undefined || free === undefined || free.size === 0) {
      return { ok: false, reason: 'expected DCGM_FI_DEV_FB_FREE in Prometheus, found no such series' }
    }
    const nodes = [...free].map(([node, freeMiB]) => [node, { freeMiB, usedMiB: used.get(node) ?? 0 }] as const)
    return { ok: true, nodes: Object.fromEntries(nodes) }
  },
})

// --- Internal helpers ---

/** MiB per node, all of its GPUs together. `node` comes from the scrape, `Hostname` from the exporter. */
const byNode = async (observe: Observer, metric: string): Promise<Map<string, number>> => {
  const sums = new Map<string, number>()
  for (const { labels, value } of await observe.query(metric)) {
    const node = labels['node'] ?? labels['Hostname']
    if (node !== undefined) sums.set(node, (sums.get(node) ?? 0) + value)
  }
  return sums
}
