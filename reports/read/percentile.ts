import { placeOf } from '../../lib/core/rank.ts'

/**
 * Nearest-rank percentiles of what is there, numbers all: no value is made up between two measured ones. Null without values. They
 * are left in another order, as only as much of it is made as the three ranks need.
 */
export const percentiles = (values: Float64Array): { p50: number; p95: number; p99: number } | null => {
  if (values.length === 0) return null
  let first = 0
  const next = (share: number): number => {
    const place = placeOf(share, values.length)
    select(values, place, first)
    first = place
    return values[place] ?? Number.NaN
  }
  return { p50: next(0.5), p95: next(0.95), p99: next(0.99) }
}

// --- Internal helpers ---

/** Hoare's FIND: the value that belongs at a place, with none greater before it. Before `first` that is so already. */
const select = (values: Float64Array, place: number, first: number): void => {
  let [from, to] = [first, values.length - 1]
  while (from < to) {
    const pivot = values[(from + to) >> 1] ?? 0
    let [low, high] = [from, to]
    while (low <= high) {
      while ((values[low] ?? pivot) < pivot) low += 1
      while ((values[high] ?? pivot) > pivot) high -= 1
      if (low > high) break
      const moved = values[low] ?? 0
      values[low++] = values[high] ?? 0
      values[high--] = moved
    }
    if (place > high && place < low) return
    if (place <= high) to = high
    else from = low
  }
}
