import type { Percentiles } from '../../lib/core/verdict.ts'

/** Milliseconds that two figures must be apart for anybody to tell them apart: 1, 2 or 5 of a decimal place, no finer than the client's error. */
export const stepOf = (errorMs: number | null): number => {
  if (errorMs === null) return 1
  const place = 10 ** Math.floor(Math.log10(Math.max(errorMs, FINEST_MS)))
  return (STEPS.find((step) => step * place >= errorMs) ?? 10) * place
}

/** A measured duration without the digits that are the client's own error; whole milliseconds where that was never measured. */
export const rounded = (ms: number, errorMs: number | null): number => {
  const step = stepOf(errorMs)
  return Number((Math.round(ms / step) * step).toFixed(step < 1 ? 1 : 0))
}

/** As it is handed on: rounded, and where it is not above the error the error itself, for so much it is at most. */
export const told = (ms: number, errorMs: number | null): number =>
  errorMs !== null && ms <= errorMs ? errorMs : rounded(ms, errorMs)

/** The same of all three. */
export const roundedPercentiles = (values: Percentiles, errorMs: number | null): Percentiles => {
  const one = (ms: number): number => told(ms, errorMs)
  return values === null ? null : { p50: one(values.p50), p95: one(values.p95), p99: one(values.p99) }
}

/** As a person reads it: `203.4 ms`, or that the client could not have seen it. */
export const measured = (ms: number, errorMs: number | null): string =>
  errorMs !== null && ms <= errorMs
    ? `below the client's error of ${inError(errorMs)}`
    : `${rounded(ms, errorMs).toLocaleString('en')} ms`

/** The client's error itself, in two digits. */
export const inError = (errorMs: number): string => `${Number(errorMs.toPrecision(2))} ms`

// --- Internal helpers ---

const FINEST_MS = 0.1
const STEPS = [1, 2, 5]
