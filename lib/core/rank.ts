/** The nearest-rank percentile; `sorted` ascending and not empty, `share` in (0, 1]. */
export const rank = (sorted: Float64Array, share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
