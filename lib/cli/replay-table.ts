import type { JudgedError } from '../vllm/recording/bounds.ts'
import { type Coefficients, COEFFICIENTS } from '../vllm/recording/coefficients.ts'
import { boundText, errorText } from '../vllm/recording/error-text.ts'
import { type Fit, undetermined } from '../vllm/recording/fit.ts'
import { renderTable } from './table.ts'

export interface JudgedReplay {
  recording: string
  /** All of the errors do. */
  holds: boolean
  errors: readonly JudgedError[]
}

/** A line for each error: what it is of, its bound, what it came to; and the bound that is wider with the load. */
export const replayTable = (replays: readonly JudgedReplay[]): string =>
  renderTable([
    ['RECORDING', 'ERROR OF', 'BOUND', 'FOUND', 'FOUND/BOUND', '', 'SCALED', ''],
    ...replays.flatMap(({ recording, errors }) =>
      errors.map((error, index) => [
        index === 0 ? recording : '',
        error.what,
        boundText(error, error.bound),
        errorText(error),
        error.ratio.toFixed(2),
        error.holds ? 'ok' : 'MISS',
        boundText(error, error.scaled.bound),
        error.scaled.holds ? 'ok' : 'MISS',
      ]),
    ),
  ])

export const coefficientTable = (coefficients: Coefficients): string =>
  renderTable([
    ['COEFFICIENT', 'MS', 'WHAT IT IS'],
    ...COEFFICIENTS.map(({ name, what }) => [name, coefficients[name].toPrecision(4), what]),
  ])

/** The same of a fit, with how far off each can be. */
export const fitTable = (fit: Fit): string => {
  const unknown = undetermined(fit)
  const known = COEFFICIENTS.filter(({ name }) => !unknown.includes(name))
  const row = (name: keyof Coefficients, what: string): string[] => {
    const [value, error] = [fit.coefficients[name], fit.errors[name]]
    const off = unknown.includes(name) ? 'not determined' : `± ${((error / value) * 100).toFixed(0)} %`
    return [name, value.toPrecision(4), off, what]
  }
  return (
    renderTable([
      ['COEFFICIENT', 'MS', 'STANDARD ERROR', 'WHAT IT IS'],
      ...COEFFICIENTS.map(({ name, what }) => row(name, what)),
    ]) + (known.length < COEFFICIENTS.length ? UNDETERMINED : '')
  )
}

// --- Internal helpers ---

const UNDETERMINED =
  'Not determined: with half of it, or more of it, the recordings fit as well once the others are changed to suit.\n'
