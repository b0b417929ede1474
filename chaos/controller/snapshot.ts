import type { Observer, ServingPod, TargetSnapshot } from '../../lib/core/fault.ts'
import type { Kube } from '../../lib/kube/client.ts'

export const FLAGS_LABEL = 'firedrill.dev/flags'

export interface SnapshotOptions {
  kube: Kube
  namespace: string
  selector: string
  pods: ServingPod[]
  observe: Observer
}

/** What planning may know of the target; it never looks again. */
export const snapshotTarget = async ({
  kube,
  namespace,
  selector,
  pods,
  observe,
}: SnapshotOptions): Promise<TargetSnapshot> => {
  const [flags, gpuMemory] = await Promise.all([flagsOf(kube, namespace), gpuMemoryOf(observe)])
  return { namespace, selector, pods, flags, gpuMemory }
}

// --- Internal helpers ---

const flagsOf = async (kube: Kube, namespace: string): Promise<TargetSnapshot['flags']> => {
  const { items } = await kube.core.listNamespacedConfigMap({ namespace, labelSelector: `${FLAGS_LABEL}=true` })
  const [first] = items
  const entry = Object.entries(first?.data ?? {}).find(([key]) => key.endsWith('.json'))
  if (first?.metadata?.name === undefined || entry === undefined) return null
  return { configMap: first.metadata.name, key: entry[0], document: entry[1] }
}

/** Prometheus out of reach, or no GPU exporter: nothing is known, and faults that need to know refuse. */
const gpuMemoryOf = async (observe: Observer): Promise<TargetSnapshot['gpuMemory']> => {
  const [used, free] = await Promise.all(
    ['DCGM_FI_DEV_FB_USED', 'DCGM_FI_DEV_FB_FREE'].map((metric) => byNode(observe, metric)),
  ).catch(() => [])
  if (used === undefined || free === undefined) return {}
  return Object.fromEntries([...free].map(([node, freeMiB]) => [node, { freeMiB, usedMiB: used.get(node) ?? 0 }]))
}

/** MiB per node, all of its GPUs together. `node` comes from the scrape, `Hostname` from the exporter. */
const byNode = async (observe: Observer, metric: string): Promise<Map<string, number>> => {
  const sums = new Map<string, number>()
  for (const { labels, value } of await observe.query(metric)) {
    const node = labels['node'] ?? labels['Hostname']
    if (node !== undefined) sums.set(node, (sums.get(node) ?? 0) + value)
  }
  return sums
}
