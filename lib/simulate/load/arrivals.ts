import { deriveSeed, type Random, seededRandom } from '../../core/random.ts'
import type { Arrivals } from '../../core/load.ts'
import { unreachable } from '../../core/errors.ts'

/** One arrival of a schedule: milliseconds since its start. */
export interface Due {
  at: number
  promptTokens: number | null
  outputTokens: number | null
}

type Staged = Exclude<Arrivals, { process: 'trace' }>

/**
 * The whole schedule of a staged process, in order of time. As tools/k6/llm/arrivals makes one: unit-rate intervals are
 * drawn, and the rate's integral maps them to time. The draws are others than k6's: the same process, not the same arrivals.
 */
export const drawArrivals = (arrivals: Staged, seed: number): Due[] => {
  const random = seededRandom(deriveSeed(seed, 'arrivals'))
  const interval = intervalOf(arrivals, random)
  const due: Due[] = []
  let load = 0
  let wanted = interval()
  let startedAt = 0
  let rate = 0
  for (const { to, over } of arrivals.stages) {
    const area = ((rate + to) / 2) * (over / SECOND)
    // A stage that jumps has no area.
    for (; wanted <= load + area; wanted += interval()) {
      due.push({ at: startedAt + timeOf(wanted - load, rate, to, over), promptTokens: null, outputTokens: null })
    }
    load += area
    startedAt += over
    rate = to
  }
  return due
}

// --- Internal helpers ---

const SECOND = 1_000

/** Intervals of mean 1. */
const intervalOf = (arrivals: Staged, random: Random): (() => number) => {
  switch (arrivals.process) {
    case 'constant':
      return () => 1
    case 'poisson':
      return () => -Math.log(1 - random.next())
    case 'gamma': {
      const shape = arrivals.burstiness
      return () => gamma(shape, random) / shape
    }
    default:
      return unreachable(arrivals)
  }
}

/** Milliseconds into a stage at which its integral reaches `area`. */
const timeOf = (area: number, from: number, to: number, over: number): number => {
  const seconds = over / SECOND
  const slope = (to - from) / seconds
  if (Math.abs(slope) < 1e-12) return from === 0 ? 0 : (area / from) * SECOND
  return ((Math.sqrt(Math.max(0, from * from + 2 * slope * area)) - from) / slope) * SECOND
}

/** Marsaglia and Tsang, 2000; shapes below 1 by the boost of Gamma(shape + 1). */
const gamma = (shape: number, random: Random): number => {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.next()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
    const v = (1 + c * normal) ** 3
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * normal * normal + d - d * v + d * Math.log(v)) return d * v
  }
}
