import { deriveSeed, seededRandom } from '../../../lib/core/random.ts'

export interface Replica {
  /** The pod's UID: a pod that takes over the name of another is another replica. */
  uid: string
  name: string
  /** IP address. */
  host: string
  ready: boolean
  inFlight: number
  /** Calls whose response head has not come, the oldest first. */
  unanswered: Set<{ since: number }>
  /** Milliseconds since the epoch until which it is tried only when there is no other: its last connection failed. */
  suspectUntil: number
}

export interface ReplicaPool {
  add(pod: Pick<Replica, 'uid' | 'name' | 'host'>): void
  /** Not ready any more; it keeps its count, in case it comes back with streams still open. */
  remove(uid: string): void
  forget(uid: string): void
  ready(): readonly Replica[]
  /** All that have not been forgotten. */
  known(): Replica[]
  /**
   * The ready replica with the fewest requests in flight (any of them, where several have), or the one that `key` belongs to;
   * other than `except` where there is another.
   */
  pick(except?: Replica | null, key?: string | null): Replica | null
  /** A connection to it failed. An empty queue would otherwise draw every request to a dead pod until Kubernetes notices. */
  suspect(replica: Replica): void
}

const SUSPECT_MS = 1_000

export const replicaPool = (random: () => number = Math.random, now: () => number = Date.now): ReplicaPool => {
  const replicas = new Map<string, Replica>()
  let ready: readonly Replica[] = []
  const refresh = (): void => {
    ready = [...replicas.values()].filter((replica) => replica.ready)
  }
  const chosen = (except: string | null, time: number, key: string | null): Replica | null =>
    key === null
      ? leastLoaded(ready, except, time, random)
      : preferred(
          ready.filter((replica) => isCandidate(replica, except, time)),
          key,
        )
  return {
    add: (pod) => {
      const known = replicas.get(pod.uid)
      if (known?.host === pod.host) known.ready = true
      else replicas.set(pod.uid, { ...pod, ready: true, inFlight: 0, unanswered: new Set(), suspectUntil: 0 })
      refresh()
    },
    remove: (uid) => {
      const known = replicas.get(uid)
      if (known !== undefined) known.ready = false
      refresh()
    },
    forget: (uid) => {
      replicas.delete(uid)
      refresh()
    },
    ready: () => ready,
    known: () => [...replicas.values()],
    pick: (except, key = null) => {
      const uid = except?.uid ?? null
      return chosen(uid, now(), key) ?? chosen(uid, Infinity, key) ?? chosen(null, Infinity, key)
    },
    suspect: (replica) => {
      replica.suspectUntil = now() + SUSPECT_MS
    },
  }
}

// --- Internal helpers ---

/** Another one than `except` (a UID), and not suspected at this time. */
const isCandidate = ({ uid, suspectUntil }: Replica, except: string | null, time: number): boolean =>
  suspectUntil <= time && (except === null || uid !== except)

/** Asked for every request: makes no lists, and no functions. */
const leastLoaded = (
  replicas: readonly Replica[],
  except: string | null,
  time: number,
  random: () => number,
): Replica | null => {
  let fewest = Infinity
  let count = 0
  for (const replica of replicas) {
    if (replica.inFlight > fewest || !isCandidate(replica, except, time)) continue
    count = replica.inFlight < fewest ? 1 : count + 1
    fewest = replica.inFlight
  }
  let left = Math.floor(random() * count)
  for (const replica of replicas) {
    if (replica.inFlight === fewest && isCandidate(replica, except, time) && left-- === 0) return replica
  }
  return null
}

/** Rendezvous hashing: a replica that goes moves its own keys only. */
const preferred = (replicas: readonly Replica[], key: string): Replica | null => {
  const weight = ({ uid }: Replica): number => seededRandom(deriveSeed(0, `${uid} ${key}`)).next()
  return replicas.toSorted((a, b) => weight(b) - weight(a))[0] ?? null
}
