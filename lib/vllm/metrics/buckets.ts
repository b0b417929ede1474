/** Upper bounds of vLLM 0.32.0's histograms, without +Inf. */
export const TTFT_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
]
export const TOKEN_SECONDS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
]
export const REQUEST_SECONDS = [
  0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
]
export const ITERATION_TOKENS = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]
export const PARAMS_N = [1, 2, 5, 10, 20]
export const PREEMPTIONS = [1, 2, 3, 4, 5, 10, 20]
export const HTTP_HIGHR_SECONDS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 30, 60,
]
export const HTTP_SECONDS = [0.1, 0.5, 1]

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
