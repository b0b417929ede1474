import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage, UserError } from '../lib/core/errors.ts'
import type { Manifest } from '../lib/kube/apply.ts'
import type { Kube } from '../lib/kube/client.ts'
import { watchCollection } from '../lib/kube/watch.ts'
import { isWorkload } from './manifest.ts'
import { daemonSetReady, deploymentReady, podReady, podTrouble } from './ready.ts'

export interface RolloutOptions {
  kube: Kube
  manifests: readonly Manifest[]
  timeoutMs: number
  /** Each workload once, when it has become ready. */
  onReady(workload: string, waiting: string[]): void
  signal: AbortSignal
}

/**
 * Resolves when every Deployment and DaemonSet of the manifests is ready. Throws a UserError that names the pods which
 * are not, and why, when the time is over.
 */
export const awaitRollout = async ({ kube, manifests, timeoutMs, onReady, signal }: RolloutOptions): Promise<void> => {
  const waiting = new Set(manifests.filter(isWorkload).map(nameOf))
  const namespaces = new Set(manifests.filter(isWorkload).map(({ metadata }) => metadata?.namespace ?? ''))
  const stop = new AbortController()
  const ended = AbortSignal.any([signal, stop.signal])
  const settle = (name: string): void => {
    if (!waiting.delete(name)) return
    onReady(name, [...waiting])
    if (waiting.size === 0) stop.abort()
  }
  if (waiting.size === 0) return
  const watches = [...namespaces].flatMap((namespace) => watchWorkloads(kube, namespace, settle, ended))
  await delay(timeoutMs, undefined, { signal: ended }).catch(() => undefined)
  stop.abort()
  await Promise.all(watches)
  signal.throwIfAborted()
  if (waiting.size > 0) throw await stuck(kube, [...namespaces], [...waiting], timeoutMs)
}

// --- Internal helpers ---

const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata?.namespace}/${metadata?.name}`

const watchWorkloads = (
  kube: Kube,
  namespace: string,
  settle: (name: string) => void,
  signal: AbortSignal,
): Promise<void>[] => [
  watchCollection({
    kube,
    path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
    list: () => kube.apps.listNamespacedDeployment({ namespace }),
    onChange: (change, deployment) => {
      if (change !== 'deleted' && deploymentReady(deployment))
        settle(`Deployment ${namespace}/${deployment.metadata?.name}`)
    },
    signal,
  }),
  watchCollection({
    kube,
    path: `/apis/apps/v1/namespaces/${namespace}/daemonsets`,
    list: () => kube.apps.listNamespacedDaemonSet({ namespace }),
    onChange: (change, daemonSet) => {
      if (change !== 'deleted' && daemonSetReady(daemonSet))
        settle(`DaemonSet ${namespace}/${daemonSet.metadata?.name}`)
    },
    signal,
  }),
]

const stuck = async (kube: Kube, namespaces: string[], waiting: string[], timeoutMs: number): Promise<UserError> => {
  const reports = await Promise.all(namespaces.map((namespace) => troubles(kube, namespace)))
  const lines = reports.flat().map((line) => `\n  ${line}`)
  return new UserError({
    code: 'stack-not-ready',
    message: `expected the whole stack to be ready within ${timeoutMs / 1_000} s, still waiting for ${waiting.join(', ')}${lines.join('')}`,
    hint: 'look at the pods named above: kubectl describe pod and kubectl logs say more',
  })
}

const troubles = async (kube: Kube, namespace: string): Promise<string[]> => {
  try {
    const { items } = await kube.core.listNamespacedPod({ namespace })
    const unready = items.filter((pod) => !podReady(pod) && pod.status?.phase !== 'Succeeded')
    return await Promise.all(
      unready.map(async (pod) => {
        const log = await lastLogLine(kube, namespace, pod.metadata?.name ?? '', unreadyContainer(pod))
        return `${namespace}/${pod.metadata?.name}: ${podTrouble(pod)}${log === '' ? '' : ` | ${log}`}`
      }),
    )
  } catch (error) {
    return [`${namespace}: its pods cannot be listed: ${errorMessage(error)}`]
  }
}

const unreadyContainer = (pod: Parameters<typeof podReady>[0]): string =>
  pod.status?.containerStatuses?.find(({ ready }) => !ready)?.name ?? pod.spec?.containers[0]?.name ?? ''

/** Empty where the container has not said anything, or has never started. */
const lastLogLine = async (kube: Kube, namespace: string, name: string, container: string): Promise<string> => {
  const log = await kube.core.readNamespacedPodLog({ namespace, name, container, tailLines: 1 }).catch(() => '')
  return log.trim()
}
