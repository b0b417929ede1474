import type { Random } from '../../core/random.ts'
import { mean } from './mean.ts'

/** The best point so far. */
export interface Best {
  at: readonly number[]
  value: number
}

export interface SearchLimits {
  generations: number
  /** Points that each generation draws. */
  draws: number
  /** The best points so far, from which the next generation is drawn. */
  kept: number
  /** No dimension is drawn more narrowly. */
  narrowest: number
}

/**
 * The cross-entropy method (Rubinstein, 1999): draws around the best points so far, as widely as they lie apart. It needs
 * no slope: what is minimised here is a replay, which jumps where a request makes a step or misses it. Yields the best after
 * every generation.
 */
export function* minimise(
  cost: (at: readonly number[]) => number,
  start: readonly { at: number; spread: number }[],
  random: Random,
  { generations, draws, kept, narrowest }: SearchLimits,
): Generator<Best, void> {
  let around = start
  let best = [
    point(
      start.map(({ at }) => at),
      cost,
    ),
  ]
  for (let generation = 0; generation < generations; generation++) {
    const drawn = Array.from({ length: draws }, () =>
      point(
        around.map(({ at, spread }) => at + spread * normal(random)),
        cost,
      ),
    )
    best = [...best, ...drawn].sort((a, b) => a.value - b.value).slice(0, kept)
    around = around.map(({ spread }, axis) => {
      const values = best.map(({ at }) => at[axis] ?? 0)
      const middle = mean(values)
      const apart = Math.sqrt(mean(values.map((value) => (value - middle) ** 2)))
      return { at: middle, spread: Math.max(narrowest, spread * SLOWNESS + apart * WIDENING * (1 - SLOWNESS)) }
    })
    const [first] = best
    if (first !== undefined) yield first
  }
}

// --- Internal helpers ---

/** How much of the old spread stays, and how much wider than the best points lie the next are drawn: against a first hit
 *  in a bad valley. */
const SLOWNESS = 0.7
const WIDENING = 1.4

const point = (at: readonly number[], cost: (at: readonly number[]) => number): Best => ({ at, value: cost(at) })

/** Box and Muller. */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
