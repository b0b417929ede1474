import type { Lengths } from './lengths.ts'
import { quantileAt } from './quantiles.ts'
import type { Random } from './random.ts'

/** One token count. At most one draw of `random`; none where the count is fixed. */
export const drawLength = (lengths: Lengths, random: Random): number => {
  if ('fixed' in lengths) return lengths.fixed
  if ('quantiles' in lengths) return clampLength(lengths, quantileAt(lengths.quantiles, random.next()))
  return lengths.min + random.int(lengths.max - lengths.min + 1)
}

/** A count from elsewhere (a trace's row), moved into the distribution's clamp. */
export const clampLength = (lengths: Lengths, tokens: number): number => {
  const { min = 1, max = Infinity } = ('quantiles' in lengths ? lengths.clamp : undefined) ?? {}
  return Math.min(Math.max(tokens, min), max)
}
