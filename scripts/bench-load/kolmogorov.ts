/** Largest distance between how often gaps occur and how often those of a Poisson process at this rate (per second) do. */
export const exponentialDistance = (times: readonly number[], rate: number): number => {
  const sorted = times.toSorted((a, b) => a - b)
  const gaps = sorted
    .slice(1)
    .map((at, index) => (at - (sorted[index] ?? at)) / 1_000)
    .sort((a, b) => a - b)
  let distance = 0
  for (const [index, gap] of gaps.entries()) {
    const expected = 1 - Math.exp(-rate * gap)
    distance = Math.max(distance, expected - index / gaps.length, (index + 1) / gaps.length - expected)
  }
  return distance
}

/** Kolmogorov and Smirnov's bound at 1 %: a true process is beyond it once in a hundred times. */
export const criticalDistance = (times: number): number => 1.628 / Math.sqrt(times - 1)
