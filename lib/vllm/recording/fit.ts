import { stepTime } from '../hardware/step-cost.ts'
import { type JudgedError, judge } from './bounds.ts'
import { type Coefficients, COEFFICIENTS } from './coefficients.ts'
import { replayErrors } from './errors.ts'
import { minimise } from './nelder-mead.ts'
import type { Recording } from './recording.ts'
import { replay } from './replay.ts'
import { replayCost } from './replay-cost.ts'

export interface Fit {
  coefficients: Coefficients
  /** What `replayCost` came to, summed over the recordings. */
  cost: number
  /** Replays of all recordings that it took. */
  evaluations: number
}

/** One set of coefficients for all recordings together: a simplex search over their logarithms, the same every time. */
export const fit = (recordings: readonly Recording[]): Fit => {
  const start = COEFFICIENTS.map(({ name }) => Math.log(START[name]))
  const cost = (at: readonly number[]): number => {
    const coefficients = fromLogarithms(at)
    return recordings.reduce((sum, recording) => sum + replayCost(recording, play(recording, coefficients)), 0)
  }
  const { at, value, evaluations } = minimise(cost, start, SEARCH)
  return { coefficients: fromLogarithms(at), cost: value, evaluations }
}

export const judgeReplay = (recording: Recording, coefficients: Coefficients): JudgedError[] =>
  judge(recording, replayErrors(recording, play(recording, coefficients)))

/** Each recording as a fit to the others would have foretold it. */
export const leaveOneOut = (
  recordings: readonly Recording[],
  onFit: (without: Recording) => void = () => {},
): { recording: Recording; fit: Fit; errors: JudgedError[] }[] =>
  recordings.length < 2
    ? []
    : recordings.map((recording) => {
        onFit(recording)
        const found = fit(recordings.filter((other) => other !== recording))
        return { recording, fit: found, errors: judgeReplay(recording, found.coefficients) }
      })

// --- Internal helpers ---

/** A CPU core and a small model; the search takes the logarithms, so a GPU's are not far. */
const START: Coefficients = {
  baseMs: 6,
  prefillMs: 0.2,
  pairMs: 1.5e-4,
  decodeMs: 0.3,
  contextMs: 7e-4,
  requestMs: 4,
  replyMs: 0.5,
}
const SEARCH = { size: 0.1, evaluations: 400, tolerance: 1e-4 }

const fromLogarithms = (at: readonly number[]): Coefficients => {
  const value = (index: number): number => Math.exp(at[index] ?? Number.NaN)
  return {
    baseMs: value(0),
    prefillMs: value(1),
    pairMs: value(2),
    decodeMs: value(3),
    contextMs: value(4),
    requestMs: value(5),
    replyMs: value(6),
  }
}

const play = (recording: Recording, coefficients: Coefficients) =>
  replay(recording, stepTime(coefficients), coefficients)
