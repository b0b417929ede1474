import { rm, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage } from '../../core/errors.ts'
import { openConnection } from '../../kube/connection.ts'
import type { V1Pod } from '../../kube/pod-types.ts'
import { rawClient } from '../../kube/raw.ts'
import { type Change, watchCollection } from '../../kube/watch.ts'
import { createAddresses } from './addresses.ts'
import type { NodeAgentConfig } from './config.ts'
import type { AgentContext } from './context.ts'
import { createEventRecorder } from './events.ts'
import { startKubeletServers } from './kubelet-server.ts'
import { type Kill, killLeftovers } from './leftovers.ts'
import { createMemoryWatch } from './memory.ts'
import { registerNodes } from './nodes.ts'
import { createObjectCache } from './object-cache.ts'
import { createPodWorker, type PodWorker } from './pod-worker.ts'

export interface AgentOptions {
  config: NodeAgentConfig
  hostEnv: Record<string, string>
  kill: Kill
  now(): number
  log(message: string): void
  /** All nodes are Ready. */
  onReady(): void
  /** Ends the agent: its pods are stopped, the API keeps them. */
  signal: AbortSignal
}

/** Grace of a pod when the agent ends, at the most. */
const SHUTDOWN_MS = 2_000

/**
 * Plays the kubelet for all nodes of the config until the signal. Containers that an earlier agent of this cluster
 * left are killed first, and the pods' folders removed: a pod that was running starts anew, on another address, with an empty
 * emptyDir and its restart count one higher; what may not restart has failed (ContainerStatusUnknown).
 */
export const runAgent = async (options: AgentOptions): Promise<void> => {
  const { config, kill, hostEnv, now, log, signal } = options
  const killed = killLeftovers(kill, config.clusterId)
  if (killed > 0) log(`killed ${killed} processes that an earlier agent left`)
  for (const name of await readdir(config.podsDir)) {
    await rm(join(config.podsDir, name), { recursive: true, force: true })
  }
  const kube = openConnection({ kubeconfig: config.kubeconfig })
  const api = rawClient(kube)
  const onError = (what: string) => (error: unknown) => log(`${what}: ${errorMessage(error)}`)
  const context: AgentContext = {
    config,
    api,
    objects: createObjectCache(kube, api, onError('watching ConfigMaps and Secrets')),
    events: createEventRecorder(api, now, onError('writing an event')),
    addresses: createAddresses(config.podNetwork),
    memory: createMemoryWatch(),
    kill,
    hostEnv,
    now,
    log,
  }
  const pods = new Map<string, PodWorker>()
  const find = (namespace: string, name: string): PodWorker | null =>
    // The latest, where a pod of the same name is still being buried.
    [...pods.values()].findLast(({ pod }) => {
      const { metadata } = pod()
      return metadata?.name === name && metadata.namespace === namespace
    }) ?? null
  const closeServers = await startKubeletServers(context, find)
  try {
    await registerNodes(context, signal)
    options.onReady()
    await Promise.all([
      context.objects.run(signal),
      watchCollection<V1Pod>({
        kube,
        path: '/api/v1/pods',
        fieldSelector: BOUND,
        list: () => api('GET', `/api/v1/pods?fieldSelector=${encodeURIComponent(BOUND)}`),
        onChange: (change, pod) => onPod(context, pods, change, pod),
        onError: onError('watching pods'),
        signal,
      }),
    ])
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    closeServers()
    await Promise.all([...pods.values()].map((worker) => worker.shutDown(SHUTDOWN_MS)))
  }
}

// --- Internal helpers ---

const BOUND = 'spec.nodeName!='

const onPod = (context: AgentContext, pods: Map<string, PodWorker>, change: Change, pod: V1Pod): void => {
  const uid = pod.metadata?.uid ?? ''
  const node = context.config.nodes.find(({ name }) => name === pod.spec?.nodeName)
  if (node === undefined) return
  const worker = pods.get(uid)
  try {
    if (change === 'deleted') {
      worker?.vanish()
      pods.delete(uid)
    } else if (worker === undefined) pods.set(uid, createPodWorker(context, node, pod))
    else worker.update(pod)
  } catch (error) {
    // The watch would swallow it.
    context.log(`pod ${pod.metadata?.namespace}/${pod.metadata?.name}: ${errorMessage(error)}`)
  }
}
