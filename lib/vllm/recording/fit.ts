import { seededRandom } from '../../core/random.ts'
import { stepTime } from '../hardware/step-cost.ts'
import { type JudgedError, judge } from './bounds.ts'
import { type Coefficients, COEFFICIENTS } from './coefficients.ts'
import { replayErrors } from './errors.ts'
import { createEstimator, type Estimator } from './estimate.ts'
import { minimise } from './minimise.ts'
import type { Recording } from './recording.ts'
import { replay, type Replay } from './replay.ts'
import { replayCost } from './replay-cost.ts'

export interface Fit {
  coefficients: Coefficients
  /** What `replayCost` came to, summed over the recordings. */
  cost: number
  /** Standard errors of the coefficients, in milliseconds; infinite where the recordings have nothing of it. */
  errors: Coefficients
}

/**
 * One set of coefficients for all recordings together, the same every time, whatever the hardware: the recordings' own
 * latencies say where to begin, then searches with replays, of which the best counts. It takes up to half a minute:
 * yields the share that is done, so that the caller can end it.
 */
export function* fitting(recordings: readonly Recording[]): Generator<number, Fit> {
  const estimator = createEstimator(recordings)
  const cost = (x: readonly number[], missWeight: number): number =>
    costOf(recordings, playAll(recordings, estimator.toCoefficients(x)), missWeight)
  const { x: begin, exact } = startOf(recordings, estimator)
  const units = begin.map((value) => value * SPREAD + estimator.whole * LEAST_SPREAD)
  const scaled = (at: readonly number[]): number[] => at.map((value, i) => value * (units[i] ?? 0))
  const start = begin.map((value, i) => ({ at: value / (units[i] ?? 1), spread: 1 }))
  const generations = exact ? EXACT_GENERATIONS : GENERATIONS
  let found = { x: begin, cost: cost(begin, 0) }
  let done = 0
  for (const { seed, missWeight } of SEARCHES) {
    if (missWeight > 0) {
      const strict = cost(found.x, missWeight)
      // No bound is near.
      if (strict === found.cost) break
      found = { x: found.x, cost: strict }
    }
    const limits = { ...LIMITS, generations }
    for (const { at, value } of minimise(
      (point) => cost(scaled(point), missWeight),
      start,
      seededRandom(seed),
      limits,
    )) {
      if (value < found.cost) found = { x: scaled(at), cost: value }
      yield ++done / (SEARCHES.length * generations)
    }
  }
  const coefficients = estimator.toCoefficients(found.x)
  return { coefficients, cost: found.cost, errors: estimator.errors(playAll(recordings, coefficients)) }
}

/** What the recordings do not tell: half of it, or more of it, fits as well once the others have been changed to suit. */
export const undetermined = ({ coefficients, errors }: Fit): (keyof Coefficients)[] =>
  COEFFICIENTS.map(({ name }) => name).filter((name) => errors[name] * 2 > coefficients[name] / 2)

/** How far off a replay with these coefficients is. */
export const judgeReplay = (recording: Recording, coefficients: Coefficients): JudgedError[] =>
  judge(recording, replayErrors(recording, play(recording, coefficients)))

// --- Internal helpers ---

/** How widely a search begins: a tenth of each coefficient, and a thousandth of all time, so that a zero can be left. */
const SPREAD = 0.1
const LEAST_SPREAD = 1e-3
const LIMITS = { draws: 20, kept: 8, narrowest: 0.1 }
const GENERATIONS = 40
/** Two, as either can end in a bad valley, and one with all weight on the bounds where the better one ends near to them. */
const SEARCHES = [
  { seed: 1, missWeight: 0 },
  { seed: 2, missWeight: 0 },
  { seed: 3, missWeight: 10 },
]

/** So often replays correct the start. */
const CORRECTIONS = 20
/** Where replays miss less of the latencies, the recording follows the model, the corrections lead to its coefficients and
 *  little is left to search. Those of a real machine follow its noise. */
const EXACT = 0.01
const EXACT_GENERATIONS = 5

const startOf = (recordings: readonly Recording[], estimator: Estimator): { x: readonly number[]; exact: boolean } => {
  const direct = estimator.direct()
  let [x, best] = [direct, { x: direct, missed: EXACT, exact: false }]
  for (let round = 0; round < CORRECTIONS; round++) {
    const { x: next, missed } = estimator.corrected(x, playAll(recordings, estimator.toCoefficients(x)))
    if (missed < best.missed) best = { x, missed, exact: true }
    x = next
  }
  return best
}

const costOf = (recordings: readonly Recording[], replays: readonly Replay[], missWeight: number): number =>
  recordings.reduce((sum, recording, at) => {
    const replayed = replays[at]
    return replayed === undefined ? sum : sum + replayCost(recording, replayed, missWeight)
  }, 0)

const playAll = (recordings: readonly Recording[], coefficients: Coefficients): Replay[] =>
  recordings.map((recording) => play(recording, coefficients))

const play = (recording: Recording, coefficients: Coefficients): Replay =>
  replay(recording, stepTime(coefficients), coefficients)
