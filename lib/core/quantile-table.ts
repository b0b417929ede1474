import { type QuantilePoint, shareUpTo } from './quantiles.ts'

/**
 * A quantile table of measured token counts, with the points where they do most: always at the smallest and the largest and
 * at the round shares of the tail, then one by one where table and sample are farthest apart.
 */
export const tableOf = (tokens: readonly number[], points = 33): QuantilePoint[] => {
  const steps = stepsOf(tokens)
  const first = steps[0]
  const last = steps.at(-1)
  if (first === undefined || last === undefined) return []
  let table: QuantilePoint[] = [[0, first.tokens]]
  const add = ({ share, tokens: at }: Step): void => {
    table = [...table, [share, at] as const].sort((a, b) => a[0] - b[0] || a[1] - b[1])
  }
  for (const step of new Set([first, ...ANCHORS.flatMap((p) => steps.find(({ share }) => share >= p) ?? []), last]))
    add(step)
  while (table.length < points) {
    const { step, distance } = farthest(steps, table)
    if (distance === 0) break
    add(step)
  }
  return table.map(([p, at]) => [Number(p.toFixed(DECIMALS)), at])
}

/** Kolmogorov's distance: the most that the shares of draws up to any count differ between the table and the counts. */
export const distanceTo = (tokens: readonly number[], table: readonly QuantilePoint[]): number =>
  farthest(stepsOf(tokens), table).distance

// --- Internal helpers ---

const ANCHORS = [0.5, 0.9, 0.95, 0.99, 0.999]
const DECIMALS = 5

/** This share of the counts is at most `tokens`. */
interface Step {
  tokens: number
  share: number
}

/** The sample's distribution function where it changes: at each count that occurs, and just before it. */
const stepsOf = (tokens: readonly number[]): Step[] => {
  const counts = new Map<number, number>()
  for (const count of [...tokens].sort((a, b) => a - b)) counts.set(count, (counts.get(count) ?? 0) + 1)
  const steps: Step[] = []
  let seen = 0
  let before = Infinity
  for (const [at, times] of counts) {
    if (at - 1 > before) steps.push({ tokens: at - 1, share: seen / tokens.length })
    seen += times
    steps.push({ tokens: at, share: seen / tokens.length })
    before = at
  }
  return steps
}

const farthest = (steps: readonly Step[], table: readonly QuantilePoint[]): { step: Step; distance: number } => {
  let worst = { step: steps[0] ?? { tokens: 1, share: 0 }, distance: 0 }
  for (const step of steps) {
    const distance = Math.abs(shareUpTo(table, step.tokens) - step.share)
    if (distance > worst.distance) worst = { step, distance }
  }
  return worst
}
