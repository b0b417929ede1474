/** Upper bounds of histograms without +Inf, as numbers or by a rule that needs the server's configuration. */
export type BucketSeries = readonly number[] | BucketRule

/** `request-tokens`: 1-2-5 per decade up to the context length. `cudagraph`: the batch sizes captured at the start. */
export type BucketRule = 'request-tokens' | 'cudagraph-v0' | 'cudagraph-v1'

/** What bucket rules need to know of the server. */
export interface BucketContext {
  maxModelLen: number
  maxNumSeqs: number
  maxNumBatchedTokens: number
  enforceEager: boolean
}

/** Since 0.8.4. */
export const TTFT_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
]
/** Before 0.8.4. */
export const TTFT_SECONDS_TO_10 = TTFT_SECONDS.slice(0, -6)

/** Since 0.8.4. */
export const TOKEN_SECONDS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
]
/** Before 0.8.4. */
export const TOKEN_SECONDS_TO_2 = TOKEN_SECONDS.slice(0, -6)

/** Since 0.8.4. */
export const REQUEST_SECONDS = [
  0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
]
/** 0.6.4 to 0.8.3. */
export const REQUEST_SECONDS_TO_60 = REQUEST_SECONDS.slice(0, -6)
/** Before 0.6.4. */
export const REQUEST_SECONDS_FROM_1 = [1, 2.5, 5, 10, 15, 20, 30, 40, 50, 60]

/** Since 0.8.5. */
export const ITERATION_TOKENS = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]
/** In 0.6.4, and up to 0.8.4 without CUDA graphs; 8096 is vLLM's own. */
export const ITERATION_TOKENS_TO_8096 = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8096]

export const PARAMS_N = [1, 2, 5, 10, 20]
export const PREEMPTIONS = [1, 2, 3, 4, 5, 10, 20]
export const RESIDENCY_SECONDS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800,
]
export const OPERATION_SECONDS = [0.01, 0.1, 1, 10, 30, 60, 120, 300, 600]
export const CONNECTION_SECONDS = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800]
/** vLLM's build_1_2_3_5_8_buckets(3000). */
export const MODEL_MILLISECONDS = [1, 2, 3, 5, 8, 10, 20, 30, 50, 80, 100, 200, 300, 500, 800, 1000, 2000, 3000]

export const HTTP_HIGHR_SECONDS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 30, 60,
]
export const HTTP_SECONDS = [0.1, 0.5, 1]

export const bucketBounds = (series: BucketSeries, server: BucketContext | undefined): readonly number[] => {
  if (typeof series !== 'string') return series
  if (server === undefined)
    throw new Error(`buckets ${series} follow from a server's configuration, and none was given`)
  switch (series) {
    case 'request-tokens':
      return requestTokenBuckets(server.maxModelLen)
    case 'cudagraph-v0':
      return server.enforceEager ? ITERATION_TOKENS_TO_8096 : graphSizesV0(server.maxNumSeqs)
    case 'cudagraph-v1':
      return server.enforceEager ? ITERATION_TOKENS_TO_8096 : graphSizesV1(server.maxNumBatchedTokens)
  }
}

/** vLLM's build_1_2_5_buckets: 1, 2, 5, 10, … up to `most`. */
export const requestTokenBuckets = (most: number): number[] => {
  const buckets: number[] = []
  for (let decade = 1; ; decade *= 10) {
    for (const step of [1, 2, 5]) {
      if (step * decade > most) return buckets
      buckets.push(step * decade)
    }
  }
}

// --- Internal helpers ---

/** 1, 2, 4, then multiples of 8. */
const graphSizes = (multiples: number): number[] => [
  1,
  2,
  4,
  ...Array.from({ length: multiples }, (_, index) => 8 * (index + 1)),
]

/** Up to the smallest size that covers every sequence. */
const graphSizesV0 = (maxNumSeqs: number): number[] => {
  const sizes = graphSizes(1_024)
  const largest = sizes.find((size) => size >= maxNumSeqs) ?? Number.POSITIVE_INFINITY
  return sizes.filter((size) => size <= largest)
}

/** Up to 512, and no more than a step may hold. */
const graphSizesV1 = (maxNumBatchedTokens: number): number[] =>
  graphSizes(64).filter((size) => size <= maxNumBatchedTokens)
