import type { V1Pod } from '../../kube/pod-types.ts'
import type { Change } from '../../kube/watch.ts'
import { errorMessage } from '../../core/errors.ts'
import type { NodeSpec } from '../types.ts'
import type { AgentContext } from './context.ts'
import { createPodWorker, type PodWorker } from './pod-worker.ts'

/** One node as it runs: its pods while it has power, and what the API says of them while it has none. */
export interface Machine {
  spec: NodeSpec
  isUp(): boolean
  onPod(change: Change, pod: V1Pod): void
  /** The latest, where a pod of the same name is still being buried. Nothing is found on a node without power. */
  find(namespace: string, name: string): PodWorker | null
  /** Takes the power away: all that runs is dead at once, and tells nobody. Resolves when nothing of it is left. */
  cut(): Promise<void>
  /** Gives it back: what the API has on this node by now is started as after a reboot. */
  boot(): void
  shutDown(graceMs: number): Promise<void>
}

export const createMachine = (context: AgentContext, spec: NodeSpec): Machine => {
  /** By UID: all pods that the API has here, and those that run. */
  const pods = new Map<string, V1Pod>()
  const workers = new Map<string, PodWorker>()
  let up = true

  const start = (uid: string, pod: V1Pod): void => {
    try {
      workers.set(uid, createPodWorker(context, spec, pod))
    } catch (error) {
      // The watch would swallow it.
      context.log(`pod ${pod.metadata?.namespace}/${pod.metadata?.name}: ${errorMessage(error)}`)
    }
  }
  return {
    spec,
    isUp: () => up,
    onPod: (change, pod) => {
      const uid = pod.metadata?.uid ?? ''
      const worker = workers.get(uid)
      if (change === 'deleted') {
        pods.delete(uid)
        workers.delete(uid)
        worker?.vanish()
        return
      }
      pods.set(uid, pod)
      if (worker !== undefined) worker.update(pod)
      else if (up) start(uid, pod)
    },
    find: (namespace, name) =>
      [...workers.values()].findLast(({ pod }) => {
        const { metadata } = pod()
        return metadata?.name === name && metadata.namespace === namespace
      }) ?? null,
    cut: async () => {
      up = false
      const dying = [...workers.values()]
      workers.clear()
      await Promise.all(dying.map((worker) => worker.cut()))
    },
    boot: () => {
      up = true
      for (const [uid, pod] of pods) start(uid, pod)
    },
    shutDown: async (graceMs) => {
      await Promise.all([...workers.values()].map((worker) => worker.shutDown(graceMs)))
    },
  }
}
