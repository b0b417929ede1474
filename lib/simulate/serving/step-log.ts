import { bucketWidth, type GapHistogram } from '../../core/gap-histogram.ts'
import { doubled } from '../../core/slots.ts'

/** When each step of an engine ended: what its streams' gaps follow from. */
export interface StepLog {
  add(endedAt: number): void
  count(): number
  /** Of a stream whose content came at the steps' ends in [from, to]; null where it had less than two. */
  gaps(from: number, to: number): Gaps | null
}

export interface Gaps {
  count: number
  maxMs: number
  p99Ms: number
  histogram: GapHistogram
}

const FIRST_SIZE = 1_024

export const createStepLog = (): StepLog => {
  let ends = new Float64Array(FIRST_SIZE)
  let count = 0
  /** The first step that ended at this time or later. */
  const find = (time: number): number => {
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] ?? Infinity) < time) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    add: (endedAt) => {
      if (count === ends.length) ends = doubled(ends)
      ends[count++] = endedAt
    },
    count: () => count,
    gaps: (from, to) => {
      const first = find(from)
      const micros: number[] = []
      for (let step = first + 1; step < count && (ends[step] ?? Infinity) <= to; step++) {
        micros.push(Math.round(((ends[step] ?? 0) - (ends[step - 1] ?? 0)) * 1_000))
      }
      if (micros.length === 0) return null
      micros.sort((a, b) => a - b)
      const rank = Math.max(0, Math.ceil(0.99 * micros.length) - 1)
      return {
        count: micros.length,
        maxMs: (micros.at(-1) ?? 0) / 1_000,
        p99Ms: (micros[rank] ?? 0) / 1_000,
        histogram: bucketed(micros),
      }
    },
  }
}

// --- Internal helpers ---

/** In ascending order. */
const bucketed = (micros: readonly number[]): [number, number][] => {
  const buckets: [number, number][] = []
  for (const one of micros) {
    const width = bucketWidth(one)
    const lower = Math.floor(one / width) * width
    const last = buckets.at(-1)
    if (last?.[0] === lower) last[1]++
    else buckets.push([lower, 1])
  }
  return buckets
}
