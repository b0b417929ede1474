import { bucketWidth, type GapHistogram } from '../../lib/core/gap-histogram.ts'

/** Adds up the histograms of many requests. */
export const gapSum = (): { add(gaps: GapHistogram): void; histogram(): GapHistogram } => {
  const counts = new Map<number, number>()
  return {
    add(gaps) {
      for (const [lower, count] of gaps) counts.set(lower, (counts.get(lower) ?? 0) + count)
    },
    histogram: () => [...counts].sort((a, b) => a[0] - b[0]),
  }
}

/** Nearest-rank percentile of the gaps in milliseconds, from the middle of its bucket; null where there are none. */
export const gapPercentile = (gaps: GapHistogram, share: number): number | null => {
  const total = gaps.reduce((sum, [, count]) => sum + count, 0)
  let rest = Math.max(1, Math.ceil(share * total))
  for (const [lower, count] of gaps) {
    rest -= count
    if (rest <= 0) return (lower + bucketWidth(lower) / 2) / 1_000
  }
  return null
}
