import type { JudgedError } from '../vllm/recording/bounds.ts'
import { type Coefficients, COEFFICIENTS } from '../vllm/recording/coefficients.ts'
import { renderTable } from './table.ts'

export interface JudgedReplay {
  recording: string
  /** All of the errors do. */
  holds: boolean
  errors: readonly JudgedError[]
}

/** A line for each error: what it is of, its bound, what it came to. */
export const replayTable = (replays: readonly JudgedReplay[]): string =>
  renderTable([
    ['RECORDING', 'ERROR OF', 'BOUND', 'FOUND', ''],
    ...replays.flatMap(({ recording, errors }) =>
      errors.map(({ what, unit, value, bound, holds }, index) => [
        index === 0 ? recording : '',
        what,
        `± ${figure(bound, unit)}`,
        figure(value, unit),
        holds ? 'ok' : 'MISS',
      ]),
    ),
  ])

export const coefficientTable = (coefficients: Coefficients): string =>
  renderTable([
    ['COEFFICIENT', 'MS', 'WHAT IT IS'],
    ...COEFFICIENTS.map(({ name, what }) => [name, coefficients[name].toPrecision(4), what]),
  ])

// --- Internal helpers ---

const figure = (value: number, unit: JudgedError['unit']): string =>
  unit === 'requests' ? value.toFixed(2) : `${(value * 100).toFixed(1)} %`
