import { CONDITION_ALERT, type SampleSeries } from '../../lib/core/run-folder.ts'
import type { AlertRule } from '../../lib/core/rule.ts'

/** A time in which a rule's own expression held without a break, for one label set. */
export interface Stretch {
  from: number
  /** The last evaluation at which it held. */
  to: number
  /** When a rule with this `for` fires by it; null where it did not hold long enough. */
  firesAt: number | null
}

/** The rule's condition over the run, in order; null where its expression was not evaluated again. */
export const stretches = (
  conditions: readonly SampleSeries[] | null,
  rules: readonly AlertRule[],
): Stretch[] | null => {
  const [rule] = rules
  // Two rules under one name share a line's labels: whose condition held cannot be told apart.
  if (conditions === null || rule === undefined || rules.length > 1) return null
  const own = conditions.filter(({ labels }) => labels[CONDITION_ALERT] === rule.alert)
  if (own.length === 0) return null
  return own.flatMap(({ samples }) => split(samples, rule)).sort((a, b) => a.from - b.from)
}

// --- Internal helpers ---

const split = (samples: SampleSeries['samples'], { forMs, intervalMs }: AlertRule): Stretch[] => {
  const found: Stretch[] = []
  let open: Stretch | null = null
  for (const [at] of samples) {
    if (open === null || at - open.to > 1.5 * intervalMs) {
      open = { from: at, to: at, firesAt: null }
      found.push(open)
    }
    open.to = at
    if (at - open.from >= forMs) open.firesAt ??= at
  }
  return found
}
