import { isNotFound } from '../../kube/errors.ts'
import type { RawClient } from '../../kube/raw.ts'
import type { CoreV1Event, V1Pod } from '../../kube/pod-types.ts'
import { allow, type Bucket } from './event-rate.ts'

export interface PodEvent {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  /** The container that it is about. */
  container?: string
}

export interface EventRecorder {
  record(pod: V1Pod, node: string, event: PodEvent): void
}

/** Events that wait for an API server that does not answer are dropped beyond this many. */
const MAX_PENDING = 200
/** So many different events are remembered for counting. */
const MAX_KNOWN = 1_000

interface Known {
  name: string
  count: number
}

/** Kubernetes Events about pods: the same event again counts up the first one; a pod's events are rationed as the kubelet's. */
export const createEventRecorder = (
  api: RawClient,
  now: () => number,
  onError: (error: unknown) => void,
): EventRecorder => {
  const known = new Map<string, Known>()
  const buckets = new Map<string, Bucket>()
  const pending: (() => Promise<void>)[] = []
  let sequence = 0
  let busy = false

  const drain = async (): Promise<void> => {
    if (busy) return
    busy = true
    for (let job = pending.shift(); job !== undefined; job = pending.shift()) await job().catch(onError)
    busy = false
  }

  const write = async (pod: V1Pod, node: string, event: PodEvent, at: number): Promise<void> => {
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
    const key = [uid, event.container, event.type, event.reason, event.message].join('\n')
    const path = `/api/v1/namespaces/${namespace}/events`
    const time = new Date(at).toISOString()
    const before = known.get(key)
    if (before !== undefined) {
      before.count += 1
      try {
        const body = { count: before.count, lastTimestamp: time }
        await api('PATCH', `${path}/${before.name}`, { body, patch: 'merge' })
        return
      } catch (error) {
        // Expired: written anew.
        if (!isNotFound(error)) throw error
      }
    }
    sequence += 1
    const fresh = {
      name: `${name}.${at.toString(16)}${sequence.toString(16).padStart(4, '0')}`,
      count: before?.count ?? 1,
    }
    known.set(key, fresh)
    const oldest = known.keys().next()
    if (known.size > MAX_KNOWN && !oldest.done) known.delete(oldest.value)
    const body: Json<CoreV1Event> = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: fresh.name, namespace },
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        namespace,
        name,
        uid,
        ...(event.container === undefined ? {} : { fieldPath: `spec.containers{${event.container}}` }),
      },
      type: event.type,
      reason: event.reason,
      message: event.message.slice(0, 1_000),
      source: { component: 'kubelet', host: node },
      reportingComponent: 'kubelet',
      reportingInstance: node,
      firstTimestamp: time,
      lastTimestamp: time,
      count: fresh.count,
    }
    await api('POST', path, { body })
  }

  return {
    record: (pod, node, event) => {
      const at = now()
      const uid = pod.metadata?.uid ?? ''
      const { allowed, bucket } = allow(buckets.get(uid) ?? null, at)
      buckets.delete(uid)
      buckets.set(uid, bucket)
      const oldest = buckets.keys().next()
      if (buckets.size > MAX_KNOWN && !oldest.done) buckets.delete(oldest.value)
      if (!allowed || pending.length >= MAX_PENDING) return
      pending.push(() => write(pod, node, event, at))
      void drain()
    },
  }
}

// --- Internal helpers ---

/** A type of client-node as it goes over the wire: times are text there. */
type Json<T> = T extends Date ? string : T extends object ? { [K in keyof T]: Json<T[K]> } : T
