import type { LogFile } from './log-file.ts'
import type { PodWorker } from './pod-worker.ts'

export type LogAnswer = { log: LogFile } | { status: number; message: string }

/** Which run's log is meant, in the kubelet's rules and words. */
export const findLog = (worker: PodWorker | null, pod: string, container: string, previous: boolean): LogAnswer => {
  const record = worker?.records.find(({ name }) => name === container)
  if (!worker || record === undefined) {
    return { status: 404, message: `container "${container}" in pod "${pod}" is not available` }
  }
  const { state, last, restartCount } = record
  if (previous && last === null) {
    return { status: 400, message: `previous terminated container "${container}" in pod "${pod}" not found` }
  }
  const attempt =
    previous || state.kind === 'waiting'
      ? (last?.attempt ?? null)
      : state.kind === 'terminated'
        ? state.ended.attempt
        : restartCount
  if (attempt === null) {
    const reason = state.kind === 'waiting' ? state.reason : ''
    return { status: 400, message: `container "${container}" in pod "${pod}" is waiting to start: ${reason}` }
  }
  const log = worker.log(container, attempt)
  return log
    ? { log }
    : { status: 404, message: `the log of container "${container}" in pod "${pod}" is no longer kept` }
}
