/** [lower bound in microseconds, count], in order: gaps between content events, as tools/k6/llm/histogram buckets them. */
export type GapHistogram = readonly (readonly [lowerMicros: number, count: number])[]

/** Microseconds of the bucket that begins there: one below 128, a 64th of its octave from there on. */
export const bucketWidth = (lower: number): number => Math.max(1, 2 ** (Math.floor(Math.log2(Math.max(lower, 1))) - 6))
