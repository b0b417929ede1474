import type { PodRecord } from '../../core/run-folder.ts'

/** A pod of one container as the API has it. */
export interface Pod {
  readonly name: string
  readonly uid: string
  readonly owner: { kind: 'ReplicaSet' | 'Job'; name: string }
  readonly container: string
  readonly image: string
  /** Null until it is bound. */
  node: string | null
  ip: string | null
  phase: 'Pending' | 'Running'
  ready: boolean
  restarts: number
  /** Why the container waits, or how its last run ended while the next has not begun. */
  reason: string | null
  exitCode: number | null
  isDeleting: boolean
}

/** As every pod begins. */
export const NOT_STARTED = {
  phase: 'Pending',
  ready: false,
  restarts: 0,
  reason: null,
  exitCode: null,
  isDeleting: false,
} as const

export type PodChange = PodRecord['change']

/** All pods of the namespace, and who wants to know of their changes. */
export interface PodStore {
  all(): Iterable<Pod>
  add(pod: Pod): void
  changed(pod: Pod): void
  remove(pod: Pod): void
  has(pod: Pod): boolean
  onChange(listener: (pod: Pod, change: PodChange) => void): void
}

export const createPodStore = (): PodStore => {
  const pods = new Set<Pod>()
  const listeners: ((pod: Pod, change: PodChange) => void)[] = []
  const tell = (pod: Pod, change: PodChange): void => {
    for (const listener of listeners) listener(pod, change)
  }
  return {
    all: () => pods,
    has: (pod) => pods.has(pod),
    add: (pod) => {
      pods.add(pod)
      tell(pod, 'added')
    },
    changed: (pod) => {
      if (pods.has(pod)) tell(pod, 'modified')
    },
    remove: (pod) => {
      if (pods.delete(pod)) tell(pod, 'deleted')
    },
    onChange: (listener) => void listeners.push(listener),
  }
}

/** A line of pods.jsonl; a pod on its way out is called Terminating there. */
export const podRecord = (pod: Pod, change: PodChange, at: number): PodRecord => ({
  at,
  change,
  name: pod.name,
  uid: pod.uid,
  node: pod.node,
  phase: pod.isDeleting ? 'Terminating' : pod.phase,
  ready: pod.ready,
  restarts: pod.restarts,
  reason: pod.reason,
  exitCode: pod.exitCode,
})
