/** The nearest-rank percentile; `sorted` ascending and not empty, `share` in (0, 1]. */
export const rank = (sorted: Float64Array, share: number): number => sorted[placeOf(share, sorted.length)] ?? Number.NaN

/** Where it is among so many values in their order, from 0. */
export const placeOf = (share: number, count: number): number => Math.max(0, Math.ceil(share * count) - 1)
