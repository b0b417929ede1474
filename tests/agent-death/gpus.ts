import type { ClusterInfo, NodeSpec } from '../../lib/cluster/types.ts'
import type { Observer } from '../../lib/core/fault.ts'
import { type PlayedGpu, readGpu } from '../support/played-gpu.ts'

const PORT = 9_400

/** Power limit, memory and readings of every GPU, as if they were objects. */
export const gpusNow = (cluster: ClusterInfo): Promise<[string, unknown][]> =>
  Promise.all(gpuNodes(cluster).map(async (node) => [`gpus/${node.name}`, await gpuOf(node)]))

/** What a Prometheus that scrapes the GPUs says of a series by its name, and nothing else. */
export const gpuObserver = (cluster: ClusterInfo): Observer => ({
  query: async (promql) => {
    const samples = await Promise.all(
      gpuNodes(cluster).map(async (node) => ({ node: node.name, value: (await gpuOf(node)).tells[promql] })),
    )
    return samples.flatMap(({ node, value }) => (value === undefined ? [] : [{ labels: { node }, value }]))
  },
})

// --- Internal helpers ---

const gpuNodes = ({ nodes }: ClusterInfo): NodeSpec[] =>
  nodes.filter(({ capacity }) => capacity['nvidia.com/gpu'] !== undefined)

const gpuOf = ({ address }: NodeSpec): Promise<PlayedGpu> => readGpu(`http://${address}:${PORT}`)
