import { join } from 'node:path'
import process from 'node:process'
import { flagsDocument } from '../../chaos/flags/definitions.ts'
import { startCluster } from '../../lib/cluster/cluster.ts'
import type { ClusterInfo } from '../../lib/cluster/types.ts'
import { apply } from '../../lib/kube/apply.ts'
import type { Kube } from '../../lib/kube/client.ts'
import { cacheRoot, toolPath } from '../../lib/toolchain/tools.mjs'
import { bundlePrograms } from '../../stack/bundles.ts'
import { imageMap } from '../../stack/images.ts'
import { editWorkload } from '../../stack/manifest.ts'
import { embeddedNodes } from '../../stack/nodes.ts'
import { PROFILES } from '../../stack/profiles.ts'
import { renderStack } from '../../stack/render.ts'
import { awaitRollout } from '../../stack/rollout.ts'

const REPLICAS = 2
const COLD_START = '500ms'

/** As `firedrill up` starts it, with fewer nodes. */
export const startSmallCluster = async (ref: { name: string; stateRoot: string }): Promise<ClusterInfo> => {
  const bundles = await bundlePrograms(join(cacheRoot(process.env), 'bundles'))
  const { 'node-agent': agent = '', supervisor } = bundles
  const node = process.execPath
  const tools = {
    prometheus: toolPath('prometheus'),
    alertmanager: toolPath('alertmanager'),
    'kube-state-metrics': toolPath('kube-state-metrics'),
  }
  return startCluster({
    ...ref,
    tools: { kube: toolPath('kube') },
    // Each life of a fault has a death, and takes seconds.
    agent: { command: [node, agent], deaths: 100 },
    supervisor,
    images: imageMap({ tools, bundles, node }),
    nodes: embeddedNodes(REPLICAS),
    signal: new AbortController().signal,
  })
}

/** The serving part of the stack, and the GPUs: what faults act on. Nobody watches. */
export const deployServing = async (kube: Kube): Promise<void> => {
  const manifests = renderStack({
    profile: PROFILES.fast,
    rules: {},
    flags: flagsDocument,
    embedded: { engineEnv: { VLLM_EMULATOR_COLD_START: COLD_START } },
  })
    .filter(({ kind, metadata }) => (kind === 'Namespace' ? metadata?.name : metadata?.namespace) !== 'monitoring')
    .map(editWorkload('vllm', (workload) => ({ ...workload, spec: { ...workload.spec, replicas: REPLICAS } })))
  for (const manifest of manifests) await apply(kube, manifest)
  const signal = new AbortController().signal
  await awaitRollout({ kube, manifests, timeoutMs: 60_000, onReady: () => undefined, signal })
}
