import type { Slo } from '../../lib/core/load.ts'
import type { RequestRow } from '../../lib/core/run-folder.ts'
import type { Goodput } from '../../lib/core/verdict.ts'
import { waitOf, wantedAt } from '../read/requests.ts'
import type { StepRecord } from './steps.ts'

type Judged = Pick<
  RequestRow,
  'arrival' | 'intended' | 'started' | 'written' | 'ended' | 'ttft' | 'tpot' | 'outputTokens' | 'outcome'
>

/**
 * Which share of all requests that were scheduled kept the promise; `unsent` are the times of those that nobody ever
 * sent, which kept nothing. Those that the end of the run cut off undecided count as not kept, and are told.
 */
export const goodputOf = (
  requests: readonly Judged[],
  unsent: readonly number[],
  slo: Slo,
  steps: readonly Pick<StepRecord, 'injected' | 'over'>[],
): Goodput => {
  const phases = PHASES.map((phase) => ({ phase, good: 0, of: 0 }))
  let undecided = 0
  const count = (from: number, to: number, good: boolean): void => {
    const phase = phaseOf(from, to, steps)
    for (const one of phases)
      if (one.phase === phase) Object.assign(one, { good: one.good + (good ? 1 : 0), of: one.of + 1 })
  }
  for (const request of requests) {
    const kept = keepsSlo(request, slo)
    if (kept === null) undecided += 1
    count(wantedAt(request), request.ended, kept === true)
  }
  for (const at of unsent) count(at, at, false)
  const sum = (key: 'good' | 'of'): number => phases.reduce((total, phase) => total + phase[key], 0)
  return { slo, good: sum('good'), of: sum('of'), undecided, phases: phases.filter(({ of }) => of > 0) }
}

/**
 * Whether a request kept the promise as its user saw it: from when it was wanted, dial and queue of the client included. Null
 * where the end of the run came before that was decided. An answer of one token has no time between tokens; one without
 * streaming has no first token, and keeps no promise of one.
 */
export const keepsSlo = (request: Judged, slo: Slo): boolean | null => {
  const { outcome, tpot, outputTokens } = request
  const lasted = request.ended - wantedAt(request)
  const isLate = (waitOf(request) ?? lasted) > (slo.ttft ?? Infinity) || lasted > (slo.e2e ?? Infinity)
  if (isLate) return false
  // The mean of half an answer is not that of the whole.
  if (outcome === 'stopped') return null
  if ((tpot ?? 0) > (slo.tpot ?? Infinity)) return false
  const isMeasured =
    (slo.ttft === undefined || request.ttft !== null) && (slo.tpot === undefined || tpot !== null || outputTokens <= 1)
  return outcome === 'ok' && isMeasured
}

// --- Internal helpers ---

const PHASES = ['before', 'during', 'after'] as const

const phaseOf = (
  from: number,
  to: number,
  steps: readonly Pick<StepRecord, 'injected' | 'over'>[],
): (typeof PHASES)[number] => {
  const injected = steps.flatMap((step) =>
    step.injected === null ? [] : [{ from: step.injected, to: step.over ?? Infinity }],
  )
  if (injected.some((fault) => from < fault.to && to >= fault.from)) return 'during'
  return injected.some((fault) => from >= fault.from) ? 'after' : 'before'
}
