import { z } from 'zod'
import type { RawClient } from '../../lib/kube/raw.ts'
import { normalised, podKind } from './normalise.ts'

/** Every object that may be left changed, by `plural.group/name`, without what Kubernetes itself keeps in it. */
export type Snapshot = ReadonlyMap<string, unknown>

/**
 * Kinds that no fault is judged by: Kubernetes writes them by itself, all the time (events, heartbeats, addresses of pods,
 * the history of rollouts), or they are the records of what was done (Faults).
 */
const LEFT_OUT = new Set([
  'events',
  'events.events.k8s.io',
  'leases.coordination.k8s.io',
  'endpoints',
  'endpointslices.discovery.k8s.io',
  'controllerrevisions.apps',
  'componentstatuses',
  'faults.firedrill.dev',
  'apiservices.apiregistration.k8s.io',
  'flowschemas.flowcontrol.apiserver.k8s.io',
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
])

/** What the API server has of one namespace, and of the cluster. Asked again each time: a custom resource may be new. */
export const takeSnapshot = async (raw: RawClient, namespace: string): Promise<Snapshot> => {
  const kinds = await listable(raw)
  const lists = await Promise.all(kinds.map((kind) => objectsOf(raw, kind, namespace)))
  return new Map(lists.flat())
}

// --- Internal helpers ---

interface Kind {
  /** `deployments.apps` */
  name: string
  plural: string
  /** `/apis/apps/v1` */
  path: string
  namespaced: boolean
}

const Groups = z.object({
  groups: z.array(z.object({ name: z.string(), preferredVersion: z.object({ groupVersion: z.string() }) })),
})
const Resources = z.object({
  resources: z.array(z.object({ name: z.string(), namespaced: z.boolean(), verbs: z.array(z.string()) })),
})

const listable = async (raw: RawClient): Promise<Kind[]> => {
  const { groups } = Groups.parse(await raw('GET', '/apis'))
  const homes = [
    { group: '', path: '/api/v1' },
    ...groups.map(({ name, preferredVersion }) => ({ group: name, path: `/apis/${preferredVersion.groupVersion}` })),
  ]
  const found = homes.map(async ({ group, path }) => {
    const { resources } = Resources.parse(await raw('GET', path))
    return resources
      .filter(({ name, verbs }) => verbs.includes('list') && !name.includes('/'))
      .map(({ name, namespaced }) => ({
        name: group === '' ? name : `${name}.${group}`,
        plural: name,
        path,
        namespaced,
      }))
  })
  return (await Promise.all(found)).flat().filter(({ name }) => !LEFT_OUT.has(name))
}

const List = z.object({ items: z.array(z.record(z.string(), z.unknown())) })
const Named = z.looseObject({ metadata: z.looseObject({ name: z.string() }) })

const objectsOf = async (
  raw: RawClient,
  { name, plural, path, namespaced }: Kind,
  namespace: string,
): Promise<[string, unknown][]> => {
  const own = plural === 'namespaces' ? `?fieldSelector=metadata.name%3D${namespace}` : ''
  const { items } = List.parse(
    await raw('GET', `${path}${namespaced ? `/namespaces/${namespace}` : ''}/${plural}${own}`),
  )
  // Their names are new each time: what counts is how many there are of which kind.
  if (name === 'pods' || name === 'replicasets.apps') return counted(name, items)
  return items.map((item) => [`${name}/${Named.parse(item).metadata.name}`, normalised(item)])
}

const counted = (name: string, items: readonly Record<string, unknown>[]): [string, unknown][] => {
  const kinds = items.map((item) => podKind(name, item)).filter((kind) => kind !== null)
  return Object.entries(Object.groupBy(kinds, (kind) => JSON.stringify(kind))).map(([kind, same = []]) => [
    `${name} like ${kind}`,
    { count: same.length },
  ])
}
