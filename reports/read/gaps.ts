/** [lower bound in microseconds, count], in order: gaps between the content events of requests. */
export type GapHistogram = readonly (readonly [lowerMicros: number, count: number])[]

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
    if (rest <= 0) return (lower + (upperOf(lower) - lower) / 2) / 1_000
  }
  return null
}

/** The end of the bucket that begins there: one microsecond wide below 64, a 64th of its octave from there on. */
export const upperOf = (lower: number): number =>
  lower + Math.max(1, 2 ** (Math.floor(Math.log2(Math.max(lower, 1))) - 6))
