import type { V1Pod } from '../../kube/pod-types.ts'
import type { ContainerRecord, Ended } from './records.ts'

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

/** Null clears a field that an earlier patch set: conditions are merged by type. */
export interface Condition {
  type: string
  status: 'True' | 'False'
  reason: string | null
  message: string | null
  lastTransitionTime: string
}

/** Merged by address unless told otherwise: a pod that an agent before this one ran has another one now. */
type AddressList = [{ $patch: 'replace' }, { ip: string }]

/** The status as it is patched, in the API's own words. */
export interface PodStatus {
  phase: PodPhase
  reason: string | null
  message: string | null
  hostIP: string
  hostIPs: AddressList
  podIP?: string
  podIPs?: AddressList
  startTime: string
  conditions: Condition[]
  initContainerStatuses: object[]
  containerStatuses: object[]
  qosClass?: string
}

export interface StatusInput {
  pod: V1Pod
  records: readonly ContainerRecord[]
  hostIP: string
  /** Null until the pod has one. */
  podIP: string | null
  /** Milliseconds since the epoch. */
  startedAt: number
  now: number
  /** No container will be started any more: what has ended decides the phase. */
  over: boolean
  /** Why the agent failed the pod, where it did (DeadlineExceeded). */
  failure: { reason: string; message: string } | null
  /** Of the status before, for the transition times. */
  before: readonly Condition[]
}

export const podStatus = (input: StatusInput): PodStatus => {
  const { pod, records, hostIP, podIP, startedAt, failure } = input
  const phase = podPhase(pod, records, input.over, failure !== null)
  const statusOf = (record: ContainerRecord) => containerStatus(pod, record)
  return {
    phase,
    reason: failure?.reason ?? null,
    message: failure?.message ?? null,
    hostIP,
    hostIPs: addressList(hostIP),
    ...(podIP === null ? {} : { podIP, podIPs: addressList(podIP) }),
    startTime: time(startedAt),
    conditions: conditions(input, phase),
    initContainerStatuses: records.filter(({ role }) => role !== 'main').map(statusOf),
    containerStatuses: records.filter(({ role }) => role === 'main').map(statusOf),
  }
}

/** The kubelet's getPhase: `over` is its podIsTerminal. */
export const podPhase = (pod: V1Pod, records: readonly ContainerRecord[], over: boolean, failed: boolean): PodPhase => {
  const restart = pod.spec?.restartPolicy ?? 'Always'
  const main = records.filter(({ role }) => role === 'main')
  const init = records.filter(({ role }) => role === 'init')
  const stopped = main.filter(({ state, last }) => state.kind === 'terminated' || (state.kind === 'waiting' && last))
  const succeeded = main.filter(({ state }) => state.kind === 'terminated' && state.ended.exitCode === 0)
  const initFailed = init.some(({ state }) => state.kind === 'terminated' && state.ended.exitCode !== 0)

  if (failed || (initFailed && (restart === 'Never' || over))) return 'Failed'
  if (over) return succeeded.length === main.length ? 'Succeeded' : 'Failed'
  if (!isInitialized(records)) return 'Pending'
  if (main.some(({ state, last }) => state.kind === 'waiting' && last === null)) return 'Pending'
  if (main.some(({ state }) => state.kind === 'running') || restart === 'Always') return 'Running'
  if (stopped.length < main.length) return 'Pending'
  if (succeeded.length === main.length) return 'Succeeded'
  return restart === 'Never' ? 'Failed' : 'Running'
}

export const isTerminal = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed'

// --- Internal helpers ---

const addressList = (ip: string): AddressList => [{ $patch: 'replace' }, { ip }]

const time = (ms: number): string => new Date(ms).toISOString()

const isInitialized = (records: readonly ContainerRecord[]): boolean =>
  records.every(({ role, state, started }) => {
    if (role === 'main') return true
    return role === 'sidecar' ? started : state.kind === 'terminated' && state.ended.exitCode === 0
  })

const isReady = ({ role, state, ready }: ContainerRecord): boolean =>
  role === 'init' ? state.kind === 'terminated' && state.ended.exitCode === 0 : state.kind === 'running' && ready

const conditions = ({ pod, records, podIP, now, before }: StatusInput, phase: PodPhase): Condition[] => {
  const generation = (type: string, ok: boolean, reason: string | null, message: string | null): Condition => {
    const status = ok ? 'True' : 'False'
    const earlier = before.find((condition) => condition.type === type)
    const lastTransitionTime = earlier?.status === status ? earlier.lastTransitionTime : time(now)
    return ok
      ? { type, status, reason: phase === 'Succeeded' ? reason : null, message: null, lastTransitionTime }
      : { type, status, reason, message, lastTransitionTime }
  }
  const unready = records.filter((record) => record.role !== 'init' && !isReady(record)).map(({ name }) => name)
  const pendingInit = records.filter((record) => record.role === 'init' && !isReady(record)).map(({ name }) => name)
  const why = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : 'ContainersNotReady'
  const message = isTerminal(phase) ? null : `containers with unready status: [${unready.join(' ')}]`
  const containersReady = unready.length === 0 && !isTerminal(phase) && pendingInit.length === 0
  // Other parties' readiness gates count as the API has them.
  const gates = (pod.spec?.readinessGates ?? []).every(({ conditionType }) =>
    pod.status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
  )
  const initialized = isInitialized(records) || phase === 'Succeeded'
  return [
    generation('PodReadyToStartContainers', podIP !== null && !isTerminal(phase), null, null),
    generation(
      'Initialized',
      initialized,
      initialized ? why : 'ContainersNotInitialized',
      `containers with incomplete status: [${pendingInit.join(' ')}]`,
    ),
    generation('ContainersReady', containersReady, why, message),
    containersReady && !gates
      ? generation(
          'Ready',
          false,
          'ReadinessGatesNotReady',
          'corresponding condition of pod readiness gate is not True',
        )
      : generation('Ready', containersReady, why, message),
  ]
}

const containerStatus = (pod: V1Pod, record: ContainerRecord): object => {
  const { name, image, state, last, restartCount, started } = record
  const id = (attempt: number): string => `process://${pod.metadata?.uid}/${name}/${attempt}`
  const terminated = (ended: Ended): object => ({
    terminated: {
      exitCode: ended.exitCode,
      reason: ended.reason,
      ...(ended.message === '' ? {} : { message: ended.message }),
      startedAt: time(ended.startedAt),
      finishedAt: time(ended.finishedAt),
      containerID: id(ended.attempt),
    },
  })
  const ran =
    state.kind === 'running'
      ? restartCount
      : state.kind === 'terminated'
        ? state.ended.attempt
        : (last?.attempt ?? null)
  return {
    name,
    image,
    imageID: '',
    ...(ran === null ? {} : { containerID: id(ran) }),
    state:
      state.kind === 'terminated'
        ? terminated(state.ended)
        : state.kind === 'running'
          ? { running: { startedAt: time(state.startedAt) } }
          : { waiting: { reason: state.reason, ...(state.message === '' ? {} : { message: state.message }) } },
    lastState: last === null ? {} : terminated(last),
    ready: isReady(record),
    restartCount,
    started: state.kind === 'running' && started,
  }
}
