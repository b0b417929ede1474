import { type Coefficients, COEFFICIENTS, coefficientsOf } from './coefficients.ts'
import { dot, type Equation, inverseDiagonal, normalEquations, solveNonNegative } from './least-squares.ts'
import { sum } from './mean.ts'
import type { Recording } from './recording.ts'
import type { Replay } from './replay.ts'
import { requestEquations, SCATTER } from './request-equations.ts'

/**
 * Coefficients from the recordings' latencies. Each is a number in a unit of its own: one in which 1 moves all latencies
 * together by about as much as they scatter; `whole` of it would take all of their time.
 */
export interface Estimator {
  whole: number
  toCoefficients: (x: readonly number[]) => Coefficients
  /** From the recordings alone. */
  direct: () => number[]
  /** Closer, by what the replays with `x` miss. `missed` is how much of a latency that is, in the middle. */
  corrected: (x: readonly number[], replays: readonly Replay[]) => { x: number[]; missed: number }
  /** Standard errors, by what the replays miss and what the other coefficients could make up for. */
  errors: (replays: readonly Replay[]) => Coefficients
}

export const createEstimator = (recordings: readonly Recording[]): Estimator => {
  const found = recordings.flatMap((one, at) => requestEquations(one).map((equation) => ({ ...equation, at })))
  const units = COEFFICIENTS.map((_, i) => {
    const size = Math.sqrt(sum(found.map(({ row, sigma }) => ((row[i] ?? 0) / sigma) ** 2)))
    return size > 0 ? 1 / size : 0
  })
  const equations = found.map((one) => ({ ...one, row: one.row.map((value, i) => value * (units[i] ?? 0)) }))
  const missedBy = (replays: readonly Replay[]): number[] =>
    equations.map(({ value, of, at }) => value - of(replays[at]?.requests ?? []))
  const normal = (residuals: readonly number[], values: readonly number[], ridge: number) =>
    normalEquations(
      equations.map((one, i) => robust({ ...one, value: values[i] ?? one.value }, residuals[i] ?? 0)),
      units.length,
      ridge,
    )

  return {
    whole: Math.sqrt(Math.max(1, equations.length)) / SCATTER,
    toCoefficients: (x) => coefficientsOf(x.map((value, i) => Math.max(0, value) * (units[i] ?? 0))),
    direct: () => {
      let x: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const residuals = round === 0 ? [] : equations.map(({ row, value }) => value - dot(row, x))
        x = solveNonNegative(normal(residuals, [], SHARED))
      }
      return x
    },
    corrected: (x, replays) => {
      const missed = missedBy(replays)
      const values = equations.map(({ row }, i) => dot(row, x) + (missed[i] ?? 0))
      const next = solveNonNegative(normal(missed, values, SINGULAR))
      return {
        x: x.map((value, i) => value + DAMPING * ((next[i] ?? 0) - value)),
        missed: median(equations.map(({ value }, i) => Math.abs(missed[i] ?? 0) / Math.max(value, SHORTEST_MS))),
      }
    },
    errors: (replays) => {
      const missed = missedBy(replays)
      const squares = equations.map((one, i) => ((missed[i] ?? 0) / robust(one, missed[i] ?? 0).sigma) ** 2)
      const scatter = Math.max(LEAST_SCATTER, sum(squares) / squares.length) * Math.max(1, atOnce(recordings))
      const inverse = inverseDiagonal(normal(missed, [], SINGULAR).matrix)
      return coefficientsOf(
        units.map((unit, i) => (unit === 0 ? Number.POSITIVE_INFINITY : unit * Math.sqrt((inverse[i] ?? 0) * scatter))),
      )
    },
  }
}

// --- Internal helpers ---

/** How strongly what cannot be told apart is shared: enough to outweigh the noise of a real machine's recordings. */
const SHARED = 3e-3
/** Just enough for unknowns that always come together. */
const SINGULAR = 1e-7
const ROUNDS = 10
const SHORTEST_MS = 0.1
/** A replay's queue answers to a slower step more than the equations know. */
const DAMPING = 0.5
/** In squared sigmas: no machine's steps repeat to within less than a hundredth. */
const LEAST_SCATTER = 0.25

/** Weighs what is far off by its distance instead of its square: a preempted request's equation is just wrong. */
const robust = (equation: Equation, residual: number): Equation => ({
  ...equation,
  sigma: Math.sqrt(equation.sigma * Math.max(equation.sigma, Math.abs(residual))),
})

/** Requests that run together see the same steps, and are off together. */
const atOnce = (recordings: readonly Recording[]): number => {
  const open = sum(recordings.flatMap(({ requests }) => requests.map(({ startMs, endMs }) => endMs - startMs)))
  const long = recordings.map(
    ({ requests }) =>
      Math.max(...requests.map(({ endMs }) => endMs)) - Math.min(...requests.map(({ startMs }) => startMs)),
  )
  return open / sum(long)
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
