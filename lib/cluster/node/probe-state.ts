export type ProbeKind = 'startup' | 'readiness' | 'liveness'
export type ProbeResult = 'success' | 'failure'

export interface ProbeState {
  /** The result in force; null while a startup probe has not decided. */
  result: ProbeResult | null
  /** The last answers that were the same, and how many. */
  last: ProbeResult | null
  run: number
}

export interface Thresholds {
  success: number
  failure: number
}

/** Before the first answer a container is alive and not ready (kubelet, prober/worker.go). */
export const initialProbeState = (kind: ProbeKind): ProbeState => ({
  result: kind === 'liveness' ? 'success' : kind === 'readiness' ? 'failure' : null,
  last: null,
  run: 0,
})

/** One answer more: the result in force changes once the threshold of equal answers in a row is met. */
export const observe = (state: ProbeState, answer: ProbeResult, thresholds: Thresholds): ProbeState => {
  const run = state.last === answer ? state.run + 1 : 1
  const decided = run >= (answer === 'success' ? thresholds.success : thresholds.failure)
  return { result: decided ? answer : state.result, last: answer, run }
}
