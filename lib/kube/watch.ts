import { setTimeout as delay } from 'node:timers/promises'
import { Watch } from '@kubernetes/client-node'
import type { KubeConnection } from './connection.ts'
import { fetchVia } from './endpoint.ts'

export type Change = 'added' | 'modified' | 'deleted'

interface Meta {
  metadata?: { uid?: string | undefined; resourceVersion?: string | undefined }
}

interface Listed<T> {
  items: T[]
  metadata?: { resourceVersion?: string }
}

export interface WatchOptions<T extends Meta> {
  kube: KubeConnection
  /** API path of the collection: `/api/v1/namespaces/llm/pods`. */
  path: string
  labelSelector?: string
  fieldSelector?: string
  /** Without it, what the API has at `path`; it must find what the selectors find. */
  list?(): Promise<Listed<T>>
  onChange(change: Change, object: T): void
  /** After each list: `onChange` has now told of everything there is. */
  onSync?(objects: T[]): void
  onError?(error: unknown): void
  signal: AbortSignal
}

const CHANGES: Record<string, Change> = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' }
const RETRY_MS = 500

/**
 * Lists, then watches, and lists again whenever the watch breaks, until the signal. What was deleted while nobody
 * watched is told as `deleted` after the next list. (client-node's own informer stops at its first unusual error.)
 */
export const watchCollection = async <T extends Meta>(options: WatchOptions<T>): Promise<void> => {
  const { list = () => listAt(options), onChange, onSync, onError, signal } = options
  const known = new Map<string, T>()
  const tell = (change: Change, object: T): void => {
    const uid = object.metadata?.uid ?? ''
    if (change === 'deleted') known.delete(uid)
    else known.set(uid, object)
    onChange(change, object)
  }
  while (!signal.aborted) {
    try {
      const { items, metadata } = await list()
      const present = new Set(items.map((item) => item.metadata?.uid))
      for (const [uid, object] of known) if (!present.has(uid)) tell('deleted', object)
      for (const item of items) {
        const before = known.get(item.metadata?.uid ?? '')
        if (before === undefined) tell('added', item)
        else if (before.metadata?.resourceVersion !== item.metadata?.resourceVersion) tell('modified', item)
      }
      onSync?.(items)
      await watchOnce(options, metadata?.resourceVersion, tell)
    } catch (error) {
      if (signal.aborted) return
      onError?.(error)
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

// --- Internal helpers ---

const listAt = async <T extends Meta>(options: WatchOptions<T>): Promise<Listed<T>> => {
  const { kube, path, labelSelector, fieldSelector, signal } = options
  const query = new URLSearchParams({
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
  })
  const server = fetchVia(kube, { url: kube.config.getCurrentCluster()?.server ?? '', headers: {} })
  const answer = await server(`${path}?${query}`, { signal })
  if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${(await answer.text()).slice(0, 300)}`)
  // The API server's schema is the check, as for the watch's own objects.
  return (await answer.json()) as Listed<T>
}

const watchOnce = <T extends Meta>(
  { kube, path, labelSelector, fieldSelector, signal }: WatchOptions<T>,
  resourceVersion: string | undefined,
  tell: (change: Change, object: T) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    let stop: AbortController | undefined
    const onAbort = (): void => stop?.abort()
    const finish = (error: unknown): void => {
      signal.removeEventListener('abort', onAbort)
      // The client gives up a silent watch after 30 s: not an error, only time to list again.
      if (error && !(error instanceof DOMException)) reject(error)
      else resolve()
    }
    const onEvent = (phase: string, object: T): void => {
      const change = CHANGES[phase]
      if (change !== undefined) tell(change, object)
      // ERROR is the API server's word that this resourceVersion is too old.
      else if (phase === 'ERROR') stop?.abort()
    }
    signal.addEventListener('abort', onAbort)
    new Watch(kube.config)
      .watch(path, { labelSelector, fieldSelector, resourceVersion }, onEvent, finish)
      .then((controller) => {
        stop = controller
        if (signal.aborted) controller.abort()
      }, finish)
  })
