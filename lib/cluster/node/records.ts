import type { V1Container, V1Pod } from '../../kube/pod-types.ts'

/** One ended run of a container. Times are milliseconds since the epoch; `attempt` counts from 0. */
export interface Ended {
  attempt: number
  exitCode: number
  reason: string
  message: string
  startedAt: number
  finishedAt: number
}

export type ContainerState =
  | { kind: 'waiting'; reason: string; message: string }
  | { kind: 'running'; startedAt: number }
  | { kind: 'terminated'; ended: Ended }

/** What the agent knows of one container; the pod's status is computed from these. */
export interface ContainerRecord {
  name: string
  image: string
  role: 'init' | 'sidecar' | 'main'
  state: ContainerState
  last: Ended | null
  restartCount: number
  /** The startup probe has passed (or there is none). */
  started: boolean
  /** The readiness probe says so (or there is none) while it runs. */
  ready: boolean
}

export const waiting = (reason: string, message = ''): ContainerState => ({ kind: 'waiting', reason, message })

/** The containers of a pod as an agent first sees them. */
export const initialRecords = (pod: V1Pod, now: number): ContainerRecord[] => {
  const { initContainers = [], containers = [], restartPolicy = 'Always' } = pod.spec ?? {}
  const reason = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating'
  const record = (container: V1Container, role: ContainerRecord['role']): ContainerRecord => {
    const fresh: ContainerRecord = {
      name: container.name,
      image: container.image ?? '',
      role,
      state: waiting(reason),
      last: null,
      restartCount: 0,
      started: false,
      ready: false,
    }
    const lost = lostRun(pod, container.name, now)
    if (lost === null) return fresh
    const final =
      role === 'main' && (restartPolicy === 'Never' || (restartPolicy === 'OnFailure' && lost.exitCode === 0))
    return final
      ? { ...fresh, state: { kind: 'terminated', ended: lost }, restartCount: lost.attempt }
      : { ...fresh, last: lost, restartCount: lost.attempt + 1 }
  }
  return [
    ...initContainers.map((container) => record(container, container.restartPolicy === 'Always' ? 'sidecar' : 'init')),
    ...containers.map((container) => record(container, 'main')),
  ]
}

// --- Internal helpers ---

/** What an agent before this one ran last: it ended then, or with that agent, and then nobody knows how. */
const lostRun = (pod: V1Pod, name: string, now: number): Ended | null => {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
  const status = [...initContainerStatuses, ...containerStatuses].find((known) => known.name === name)
  if (!status?.containerID) return null
  const { terminated } = status.state ?? {}
  const known = terminated ?? (status.state?.waiting ? status.lastState?.terminated : undefined)
  const time = (value: Date | undefined): number => (value === undefined ? now : new Date(value).getTime())
  return {
    attempt: status.restartCount,
    exitCode: known?.exitCode ?? 137,
    reason: known?.reason ?? 'ContainerStatusUnknown',
    message: known?.message ?? (known ? '' : 'The container could not be located when the node agent was started'),
    startedAt: time(known?.startedAt ?? status.state?.running?.startedAt),
    finishedAt: time(known?.finishedAt),
  }
}
