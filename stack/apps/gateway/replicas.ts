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
  ready(): Replica[]
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
  const ready = (): Replica[] => [...replicas.values()].filter((replica) => replica.ready)
  return {
    add: (pod) => {
      const known = replicas.get(pod.uid)
      if (known?.host === pod.host) known.ready = true
      else replicas.set(pod.uid, { ...pod, ready: true, inFlight: 0, unanswered: new Set(), suspectUntil: 0 })
    },
    remove: (uid) => {
      const known = replicas.get(uid)
      if (known !== undefined) known.ready = false
    },
    forget: (uid) => void replicas.delete(uid),
    ready,
    known: () => [...replicas.values()],
    pick: (except, key = null) => {
      const chosen = (from: Replica[]): Replica | null =>
        key === null ? leastLoaded(from, random) : preferred(from, key)
      const all = ready()
      const others = all.filter(({ uid }) => uid !== except?.uid)
      const healthy = others.filter(({ suspectUntil }) => suspectUntil <= now())
      return chosen(healthy) ?? chosen(others) ?? chosen(all)
    },
    suspect: (replica) => {
      replica.suspectUntil = now() + SUSPECT_MS
    },
  }
}

// --- Internal helpers ---

const leastLoaded = (replicas: Replica[], random: () => number): Replica | null => {
  const fewest = Math.min(...replicas.map(({ inFlight }) => inFlight))
  const candidates = replicas.filter(({ inFlight }) => inFlight === fewest)
  return candidates[Math.floor(random() * candidates.length)] ?? null
}

/** Rendezvous hashing: a replica that goes moves its own keys only. */
const preferred = (replicas: Replica[], key: string): Replica | null => {
  const weight = ({ uid }: Replica): number => seededRandom(deriveSeed(0, `${uid} ${key}`)).next()
  return replicas.toSorted((a, b) => weight(b) - weight(a))[0] ?? null
}
