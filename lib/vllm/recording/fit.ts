import { seededRandom } from '../../core/random.ts'
import { stepTime } from '../hardware/step-cost.ts'
import { type JudgedError, judge } from './bounds.ts'
import { type Coefficients, COEFFICIENTS } from './coefficients.ts'
import { replayErrors } from './errors.ts'
import { minimise } from './minimise.ts'
import type { Recording } from './recording.ts'
import { replay, type Replay } from './replay.ts'
import { replayCost } from './replay-cost.ts'

export interface Fit {
  coefficients: Coefficients
  /** What `replayCost` came to, summed over the recordings. */
  cost: number
}

/**
 * One set of coefficients for all recordings together, the same every time: searches over their logarithms, of which the
 * best counts. It takes a minute: yields the share that is done, so that the caller can end it.
 */
export function* fitting(recordings: readonly Recording[]): Generator<number, Fit> {
  const start = COEFFICIENTS.map(({ name }) => ({ at: Math.log(START[name].at), spread: START[name].spread }))
  const cost = (at: readonly number[]): number => {
    const coefficients = fromLogarithms(at)
    return recordings.reduce((sum, recording) => sum + replayCost(recording, play(recording, coefficients)), 0)
  }
  let found: Fit | null = null
  let done = 0
  for (const seed of SEEDS) {
    for (const { at, value } of minimise(cost, start, seededRandom(seed), SEARCH)) {
      if (found === null || value < found.cost) found = { coefficients: fromLogarithms(at), cost: value }
      yield ++done / (SEEDS.length * SEARCH.generations)
    }
  }
  if (found === null) throw new Error('a search without generations')
  return found
}

/** How far off a replay with these coefficients is. */
export const judgeReplay = (recording: Recording, coefficients: Coefficients): JudgedError[] =>
  judge(recording, replayErrors(recording, play(recording, coefficients)))

// --- Internal helpers ---

/** Where the search begins, and how widely: a spread of 0.1 is 10 %. */
const START: Readonly<Record<keyof Coefficients, { at: number; spread: number }>> = {
  baseMs: { at: 6, spread: 0.08 },
  prefillMs: { at: 0.2, spread: 0.06 },
  pairMs: { at: 1.5e-4, spread: 0.12 },
  decodeMs: { at: 0.28, spread: 0.12 },
  contextMs: { at: 6.6e-4, spread: 0.12 },
  crowdMs: { at: 0.5, spread: 0.4 },
  waitingMs: { at: 0.1, spread: 0.4 },
  requestMs: { at: 4.5, spread: 0.2 },
  replyMs: { at: 0.5, spread: 0.3 },
}
const SEARCH = { generations: 50, draws: 20, kept: 8, narrowest: 0.01 }
const SEEDS = [1, 2]

const fromLogarithms = (at: readonly number[]): Coefficients => {
  const value = (index: number): number => Math.exp(at[index] ?? Number.NaN)
  return {
    baseMs: value(0),
    prefillMs: value(1),
    pairMs: value(2),
    decodeMs: value(3),
    contextMs: value(4),
    crowdMs: value(5),
    waitingMs: value(6),
    requestMs: value(7),
    replyMs: value(8),
  }
}

const play = (recording: Recording, coefficients: Coefficients): Replay =>
  replay(recording, stepTime(coefficients), coefficients)
