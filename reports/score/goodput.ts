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
  const counts = { before: { good: 0, of: 0 }, during: { good: 0, of: 0 }, after: { good: 0, of: 0 } }
  const injected = injections(steps)
  let undecided = 0
  const count = (from: number, to: number, good: boolean): void => {
    const phase = counts[phaseOf(from, to, injected)]
    phase.of += 1
    if (good) phase.good += 1
  }
  for (const request of requests) {
    const kept = keepsSlo(request, slo)
    if (kept === null) undecided += 1
    count(wantedAt(request), request.ended, kept === true)
  }
  for (const at of unsent) count(at, at, false)
  const phases = PHASES.map((phase) => ({ phase, ...counts[phase] }))
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

interface Injection {
  from: number
  to: number
}

const injections = (steps: readonly Pick<StepRecord, 'injected' | 'over'>[]): Injection[] =>
  steps.flatMap(({ injected, over }) => (injected === null ? [] : [{ from: injected, to: over ?? Infinity }]))

const phaseOf = (from: number, to: number, injected: readonly Injection[]): (typeof PHASES)[number] => {
  if (injected.some((fault) => from < fault.to && to >= fault.from)) return 'during'
  return injected.some((fault) => from >= fault.from) ? 'after' : 'before'
}
