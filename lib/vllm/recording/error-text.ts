import { unreachable } from '../../core/errors.ts'
import type { JudgedError } from './bounds.ts'

/** As a table shows them: preemptions as a count, whatever share of the recording's they are. */
export const errorText = (error: JudgedError): string =>
  isCountOfSome(error)
    ? `${signed(Math.round(error.value * error.recorded))} of ${error.recorded}`
    : figure(error.value, error.unit)

export const boundText = (error: JudgedError, bound: number): string =>
  `± ${isCountOfSome(error) ? (bound * error.recorded).toFixed(1) : figure(bound, error.unit)}`

// --- Internal helpers ---

const isCountOfSome = (error: JudgedError): error is JudgedError & { recorded: number } =>
  error.name === 'preemptions' && error.unit === 'share' && error.recorded !== null

const signed = (count: number): string => (count > 0 ? `+${count}` : String(count))

const figure = (value: number, unit: JudgedError['unit']): string => {
  switch (unit) {
    case 'requests':
      return value.toFixed(2)
    case 'share':
      return `${(value * 100).toFixed(1)} %`
    case 'preemptions':
    case 'tokens':
      return String(Math.round(value))
    default:
      return unreachable(unit)
  }
}
