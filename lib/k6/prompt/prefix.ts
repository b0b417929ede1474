import type { Random } from '../../core/random.ts'

/** Which prefix of the pool: by Zipf's law with exponent `skew`. */
export const drawPrefix = ({ count, skew }: { count: number; skew: number }, random: Random): number => {
  if (skew === 0) return random.int(count)
  const sums = sumsOf(count, skew)
  const wanted = random.next() * (sums[count - 1] ?? 1)
  let low = 0
  let high = count - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sums[middle] ?? 0) > wanted) high = middle
    else low = middle + 1
  }
  return low
}

// --- Internal helpers ---

/** One table per virtual user: it has one workload. */
let table: { count: number; skew: number; sums: Float64Array } | null = null

const sumsOf = (count: number, skew: number): Float64Array => {
  if (table?.count === count && table.skew === skew) return table.sums
  const sums = new Float64Array(count)
  let sum = 0
  for (let rank = 1; rank <= count; rank++) {
    sum += rank ** -skew
    sums[rank - 1] = sum
  }
  table = { count, skew, sums }
  return sums
}
