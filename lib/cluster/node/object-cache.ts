import { EventEmitter } from 'node:events'
import type { KubeConnection } from '../../kube/connection.ts'
import { orNull } from '../../kube/errors.ts'
import type { RawClient } from '../../kube/raw.ts'
import type { V1ConfigMap, V1Secret } from '../../kube/pod-types.ts'
import { watchCollection } from '../../kube/watch.ts'

export interface ObjectKinds {
  configmaps: V1ConfigMap
  secrets: V1Secret
}
export type ObjectKind = keyof ObjectKinds

export interface ObjectCache {
  /** From the watch; asked of the API where the watch does not (yet) know it. */
  read<K extends ObjectKind>(kind: K, namespace: string, name: string): Promise<ObjectKinds[K] | null>
  /** Tells of each change as `configmaps/NAMESPACE/NAME`. */
  changes: EventEmitter<{ change: [key: string] }>
  /** Ends with the signal. */
  run(signal: AbortSignal): Promise<void>
}

export const objectKey = (kind: ObjectKind, namespace: string, name: string): string => `${kind}/${namespace}/${name}`

/** All ConfigMaps and Secrets of the cluster, kept by two watches: a small cluster has few, and no pod has to ask. */
export const createObjectCache = (
  kube: KubeConnection,
  api: RawClient,
  onError: (error: unknown) => void,
): ObjectCache => {
  const stores = { configmaps: new Map<string, V1ConfigMap>(), secrets: new Map<string, V1Secret>() }
  const changes = new EventEmitter<{ change: [key: string] }>().setMaxListeners(0)

  const watch = <T extends V1ConfigMap | V1Secret>(
    kind: ObjectKind,
    store: Map<string, T>,
    signal: AbortSignal,
  ): Promise<void> =>
    watchCollection<T>({
      kube,
      path: `/api/v1/${kind}`,
      list: () => api('GET', `/api/v1/${kind}`),
      onChange: (change, object) => {
        const key = objectKey(kind, object.metadata?.namespace ?? '', object.metadata?.name ?? '')
        if (change === 'deleted') store.delete(key)
        else store.set(key, object)
        changes.emit('change', key)
      },
      onError,
      signal,
    })

  return {
    read: async (kind, namespace, name) =>
      stores[kind].get(objectKey(kind, namespace, name)) ??
      (await orNull(api('GET', `/api/v1/namespaces/${namespace}/${kind}/${name}`))),
    changes,
    run: async (signal) => {
      await Promise.all([watch('configmaps', stores.configmaps, signal), watch('secrets', stores.secrets, signal)])
    },
  }
}
