import { rank } from '../../lib/core/rank.ts'

/** Nearest-rank percentiles of what is there: no value is made up between two measured ones. Null without values. */
export const percentiles = (values: readonly number[]): { p50: number; p95: number; p99: number } | null => {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  return { p50: rank(sorted, 0.5), p95: rank(sorted, 0.95), p99: rank(sorted, 0.99) }
}
