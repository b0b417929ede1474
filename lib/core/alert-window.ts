import type { AlertRule } from './rule.ts'

/** How long a target may take to show what a fault does to it, where the scenario does not say. */
export const DEFAULT_ONSET_MS = 15_000

/** What decides when an alert can fire; all in milliseconds (alerting reference, section 2.1). */
export interface Timing {
  /** S: between two scrapes of one target, as measured where scrapes were kept. */
  scrapeMs: number
  /** d: a scrape's samples are seen only once it has ended. */
  scrapeDurationMs: number
  /** E: between two evaluations of the rule's group. */
  evaluationMs: number
  /** F: how long the condition has to hold. */
  forMs: number
  keepFiringForMs: number
  /** W: the widest range window of the expression. */
  windowMs: number
}

export interface Interval {
  from: number
  to: number
}

/** H: an alert fires at an evaluation, so `for` is rounded up to whole intervals. */
export const holdMs = ({ forMs, evaluationMs }: Pick<Timing, 'forMs' | 'evaluationMs'>): number =>
  wholeIntervals(forMs, evaluationMs)

/**
 * When an alert can fire whose condition becomes true at some time in `onset` and stays true.
 *
 * - earliest = onset.from + H: scraped and evaluated at once.
 * - latest = onset.to + S + d + E + H + W: scraped at the last moment, the window filled, evaluated at the last moment.
 */
export const firingBounds = (onset: Interval, timing: Timing): Interval => {
  const { scrapeMs, scrapeDurationMs, evaluationMs, windowMs } = timing
  const hold = holdMs(timing)
  return { from: onset.from + hold, to: onset.to + scrapeMs + scrapeDurationMs + evaluationMs + hold + windowMs }
}

/**
 * When any of an alert's rules may fire for a fault that was asked for at `fault.from` and bit at `fault.to`: firingBounds of
 * each rule, after the time that the target itself may take to show the effect. The rule's own expression has no say in it.
 */
export const alertWindow = (fault: Interval, timings: readonly Timing[], onsetMs: number): Interval => {
  const bounds = timings.map((timing) => firingBounds({ from: fault.from, to: fault.to + onsetMs }, timing))
  return { from: Math.min(...bounds.map(({ from }) => from)), to: Math.max(...bounds.map(({ to }) => to)) }
}

/** How long after its cause is gone a condition can still become, or stay, true: S + d + E + W. */
export const lingerMs = ({ scrapeMs, scrapeDurationMs, evaluationMs, windowMs }: Timing): number =>
  scrapeMs + scrapeDurationMs + evaluationMs + windowMs

/** The latest end of an alert whose condition stopped at `over`: + S + d + E + W + ceil(keep_firing_for / E)·E. */
export const resetLatest = (over: number, timing: Timing): number =>
  over + lingerMs(timing) + wholeIntervals(timing.keepFiringForMs, timing.evaluationMs)

/** What no model of ours covers (exporter refresh, clock differences between machines): one evaluation and a second. */
export const toleranceMs = ({ evaluationMs }: Pick<Timing, 'evaluationMs'>): number => evaluationMs + 1_000

export const ruleTiming = (rule: AlertRule, scrapeMs: number): Timing => ({
  scrapeMs,
  scrapeDurationMs: SCRAPE_DURATION_MS,
  evaluationMs: rule.intervalMs,
  forMs: rule.forMs,
  keepFiringForMs: rule.keepFiringForMs,
  windowMs: rule.windowMs,
})

// --- Internal helpers ---

/** Generous for an exporter on the same network; a slower one shows in the measured S. */
const SCRAPE_DURATION_MS = 500

const wholeIntervals = (ms: number, intervalMs: number): number =>
  intervalMs > 0 ? Math.ceil(ms / intervalMs) * intervalMs : ms
