import { rm, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage } from '../../core/errors.ts'
import { readOutage } from '../../core/node-outage.ts'
import { openConnection } from '../../kube/connection.ts'
import type { V1Node, V1Pod } from '../../kube/pod-types.ts'
import { rawClient } from '../../kube/raw.ts'
import { type Change, watchCollection } from '../../kube/watch.ts'
import type { NodeSpec } from '../types.ts'
import { createAddresses } from './addresses.ts'
import type { NodeAgentConfig } from './config.ts'
import type { AgentContext } from './context.ts'
import { createEventRecorder } from './events.ts'
import { type FindPod, startKubeletServers } from './kubelet-server.ts'
import { type Kill, killLeftovers } from './leftovers.ts'
import { createMachine, type Machine } from './machine.ts'
import { createMemoryWatch } from './memory.ts'
import { createNodeOutages } from './node-outages.ts'
import { listNodes, registerNodes } from './nodes.ts'
import { createObjectCache } from './object-cache.ts'
import { orphanEvents } from './orphans.ts'

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
  const machines = config.nodes.map((spec) => createMachine(context, spec))
  const machineOf = (name: string | undefined): Machine | undefined => machines.find(({ spec }) => spec.name === name)
  const isUp = ({ name }: NodeSpec): boolean => machineOf(name)?.isUp() ?? false
  const find: FindPod = (namespace, name) =>
    machines.map((machine) => machine.find(namespace, name)).findLast((worker) => worker !== null) ?? null
  const servers = await startKubeletServers(context, find, isUp)
  const outages = machines.map((machine) => ({
    machine,
    outage: createNodeOutages(context, machine, () => servers.cut(machine.spec)),
  }))
  const onNode = (change: Change, node: V1Node): void => {
    const known = outages.find(({ machine }) => machine.spec.name === node.metadata?.name)
    known?.outage.seen(change === 'deleted' ? null : node)
  }
  const orphaned = orphanEvents()
  const onPod = (change: Change, pod: V1Pod): void => {
    const machine = machineOf(pod.spec?.nodeName)
    const event = change === 'deleted' ? null : orphaned(pod)
    // Without power it was lost before.
    if (event !== null && machine?.isUp() === true) context.events.record(pod, machine.spec.name, event)
    machine?.onPod(change, pod)
  }
  try {
    // An outage that an agent before this one began goes on.
    for (const node of await listNodes(context, signal)) {
      const machine = machineOf(node.metadata?.name)
      if ((readOutage(node.metadata?.annotations)?.until ?? 0) > now()) await machine?.cut()
    }
    const register = await registerNodes(context, isUp, signal)
    options.onReady()
    await Promise.all([
      context.objects.run(signal),
      ...outages.map(({ outage }) => outage.run(register, signal)),
      watchCollection<V1Node>({
        kube,
        path: '/api/v1/nodes',
        list: () => api('GET', '/api/v1/nodes'),
        onChange: onNode,
        onError: onError('watching nodes'),
        signal,
      }),
      watchCollection<V1Pod>({
        kube,
        path: '/api/v1/pods',
        fieldSelector: BOUND,
        list: () => api('GET', `/api/v1/pods?fieldSelector=${encodeURIComponent(BOUND)}`),
        onChange: onPod,
        onError: onError('watching pods'),
        signal,
      }),
    ])
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    servers.close()
    await Promise.all(machines.map((machine) => machine.shutDown(SHUTDOWN_MS)))
  }
}

// --- Internal helpers ---

const BOUND = 'spec.nodeName!='
