import { setTimeout as delay } from 'node:timers/promises'
import { isConflict, isNotFound, isTransient, type Kube } from '../../lib/kube/client.ts'
import type { V1Pod } from '../../lib/kube/types.ts'
import type { JobProcesses } from './job-processes.ts'
import { playOutages } from './nodes.ts'
import { POD_ADDRESS } from './pod-address.ts'
import { troubleOf, type Trouble } from './pod-trouble.ts'

export interface KubeletOptions {
  kube: Kube
  namespace: string
  nodes: readonly string[]
  /** Milliseconds from binding to ready. */
  startMs: number
  /** While it says so, pods of Jobs do not start: a test can act between a Job's creation and its running. */
  hold: { jobs: boolean }
  /** Runs their commands; without it, they are ready as soon as they are there. */
  jobs?: JobProcesses | undefined
  signal: AbortSignal
}

/**
 * Plays scheduler and kubelet of some nodes: one serving pod (`app=vllm`) per node, which is ready after a while, unless a pod
 * of a Job runs beside it when it starts: then it crash-loops until that one is gone. A cordoned node gets no pod, and on one that is
 * down nothing is ready.
 */
export const playKubelet = async (options: KubeletOptions): Promise<void> => {
  const { signal } = options
  const started = new Map<string, number>()
  while (!signal.aborted) {
    try {
      await tick(options, started)
    } catch (error) {
      // An API server that is gone comes back.
      const passes = isConflict(error) || isNotFound(error) || isTransient(error)
      if (!passes && !signal.aborted) throw error
    }
    await delay(100, undefined, { signal }).catch(() => undefined)
  }
}

// --- Internal helpers ---

const isServing = ({ metadata }: V1Pod): boolean => metadata?.labels?.['app'] === 'vllm'
const isReady = ({ status }: V1Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false

const tick = async (
  { kube, namespace, nodes, startMs, hold, jobs }: KubeletOptions,
  started: Map<string, number>,
): Promise<void> => {
  const played = await playOutages(kube, nodes)
  const open = played.filter(({ cordoned, up }) => !cordoned && up).map(({ name }) => name)
  const down = new Set(played.filter(({ up }) => !up).map(({ name }) => name))
  const { items } = await kube.core.listNamespacedPod({ namespace })
  jobs?.keepOnly(items)
  const serving = items.filter(isServing)
  const hogged = new Set(items.filter((pod) => !isServing(pod) && isReady(pod)).map(({ spec }) => spec?.nodeName))
  for (const pod of items) {
    const { name = '', uid = '', deletionTimestamp } = pod.metadata ?? {}
    const node = pod.spec?.nodeName
    if (deletionTimestamp !== undefined) {
      if (jobs?.ended(pod) === false) continue
      await kube.core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 })
    } else if (node === undefined) {
      const free = open.find((candidate) => !serving.some(({ spec }) => spec?.nodeName === candidate))
      if (free === undefined) continue
      const target = { apiVersion: 'v1', kind: 'Node', name: free }
      await kube.core.createNamespacedPodBinding({ namespace, name, body: { metadata: { name }, target } })
      return
    } else if (down.has(node)) {
      if (isReady(pod)) await report(kube, pod, 'NodeLost')
    } else if (!isReady(pod)) {
      const since = started.get(uid) ?? Date.now()
      started.set(uid, since)
      const trouble = hogged.has(node) ? 'CrashLoopBackOff' : troubleOf(pod)
      if (isServing(pod) && trouble !== null) await report(kube, pod, trouble)
      else if (isServing(pod) ? Date.now() - since >= startMs : !hold.jobs && (jobs?.ready(pod) ?? true))
        await report(kube, pod, null)
    }
  }
}

type Told = NonNullable<Trouble> | 'NodeLost' | null

const report = async (kube: Kube, pod: V1Pod, trouble: Told): Promise<void> => {
  const { name = '', namespace = '' } = pod.metadata ?? {}
  const [container] = pod.spec?.containers ?? []
  const before = pod.status?.containerStatuses?.[0]
  const ready = trouble === null
  const waiting = trouble === 'never ready' ? null : trouble
  const known = before?.state?.waiting?.reason ?? null
  if (before !== undefined && before.ready === ready && known === waiting) return
  const restarts = before?.restartCount ?? 0
  const containerStatus = {
    name: container?.name ?? '',
    image: container?.image ?? '',
    imageID: '',
    ready,
    started: waiting === null,
    restartCount: waiting === 'CrashLoopBackOff' ? Math.max(1, restarts) : restarts,
    state: waiting === null ? { running: {} } : { waiting: { reason: waiting } },
  }
  const status = {
    ...pod.status,
    phase: 'Running',
    podIP: POD_ADDRESS,
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    containerStatuses: [containerStatus],
  }
  await kube.core.replaceNamespacedPodStatus({ name, namespace, body: { ...pod, status } })
}
