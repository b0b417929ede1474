import { errorMessage } from '../../../lib/core/errors.ts'
import type { KubeConnection } from '../../../lib/kube/connection.ts'
import type { V1Pod } from '../../../lib/kube/types.ts'
import { watchCollection } from '../../../lib/kube/watch.ts'
import type { Log } from './log.ts'
import type { ReplicaPool } from './replicas.ts'

export interface DiscoveryOptions {
  kube: KubeConnection
  namespace: string
  selector: string
  pool: ReplicaPool
  log: Log
  /** The pods that there are have been told. */
  onSync(): void
  /** The pod is gone from the API. */
  onGone(pod: { uid: string; name: string }): void
  signal: AbortSignal
}

/** Keeps the pool equal to the ready pods of the selector, until the signal. */
export const discover = (options: DiscoveryOptions): Promise<void> => {
  const { kube, namespace, selector, pool, log, onSync, onGone, signal } = options
  const onPod = ({ metadata, status }: V1Pod, gone: boolean): void => {
    const { uid = '', name = '' } = metadata ?? {}
    const host = status?.podIP
    const serving = !gone && metadata?.deletionTimestamp === undefined && isReady(status)
    const served = pool.ready().some((replica) => replica.uid === uid)
    if (serving && host !== undefined) pool.add({ uid, name, host })
    else pool.remove(uid)
    if (served !== serving) log('info', serving ? 'replica in' : 'replica out', { pod: name, host })
    if (!gone) return
    pool.forget(uid)
    onGone({ uid, name })
  }
  return watchCollection<V1Pod>({
    kube,
    path: `/api/v1/namespaces/${namespace}/pods`,
    labelSelector: selector,
    onChange: (change, pod) => onPod(pod, change === 'deleted'),
    onSync,
    onError: (error) => log('warn', 'pods cannot be watched', { error: errorMessage(error) }),
    signal,
  })
}

// --- Internal helpers ---

const isReady = (status: V1Pod['status']): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
