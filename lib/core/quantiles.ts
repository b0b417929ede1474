/**
 * Quantile tables of token counts: `[p, tokens]` points of an inverse distribution function, straight lines between them,
 * rounded up. Rounding up makes whole counts come out right: at a point (p, x) just p of the draws are at most x, and two
 * points with the same count are that count's share. No zod here: the load script of every virtual user carries this file.
 */
export type QuantilePoint = readonly [p: number, tokens: number]

/** The token count below which a share `u` in [0, 1) of the draws lies. */
export const quantileAt = (points: readonly QuantilePoint[], u: number): number => {
  let low = 0
  let high = points.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((points[middle]?.[0] ?? 1) <= u) low = middle
    else high = middle
  }
  const [fromP, from] = points[low] ?? [0, 1]
  const [toP, to] = points[high] ?? [1, from]
  // Apart, since (to - from) * share is not exactly zero-safe for points that share a p.
  if (to === from || u >= toP) return to
  return Math.ceil(from + ((to - from) * (u - fromP)) / (toP - fromP))
}

/** The share of draws that are at most `tokens`: the distribution that `quantileAt` draws from. */
export const shareUpTo = (points: readonly QuantilePoint[], tokens: number): number => {
  const first = points[0]
  if (first === undefined || tokens < first[1]) return 0
  let last = first
  for (const point of points) {
    if (point[1] > tokens) return last[0] + ((point[0] - last[0]) * (tokens - last[1])) / (point[1] - last[1])
    last = point
  }
  return 1
}

/** The mean of what `quantileAt` draws, but for the rounding up (half a token where the lines are steep). */
export const meanOf = (points: readonly QuantilePoint[]): number => {
  let sum = 0
  for (const [index, [p, tokens]] of points.entries()) {
    const before = points[index - 1]
    if (before !== undefined) sum += ((p - before[0]) * (tokens + before[1])) / 2
  }
  return sum
}
