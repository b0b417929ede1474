import {
  alertWindow,
  holdMs,
  lingerMs,
  resetLatest,
  ruleTiming,
  toleranceMs,
  type Interval,
  type Timing,
} from '../../lib/core/alert-window.ts'
import type { Stretch } from './conditions.ts'
import type { StepRecord } from './steps.ts'
import type { Subject } from './subjects.ts'

/** What the physics says about one alert and one injected fault; milliseconds since the epoch. */
export interface Window {
  injected: number
  /** When it may fire for this fault. `to` includes the tolerance. */
  expected: Interval
  /** The latest firing that the physics and the target's onset allow, without the tolerance. */
  latest: number
  /** When its own expression, evaluated again, first held for long enough, and the firing that this asks of Prometheus. */
  predicted: { from: number; firesAt: number } | null
  /** An alert that became active within this is about this fault. */
  attribution: Interval
  /** An alert that was active before this was not quiet when the fault came. */
  guardFrom: number
  /** After this a firing alert is stuck. */
  resetBy: number
  /** Where its expression held in the attribution window; null where that is not known. */
  held: readonly Stretch[] | null
  /** How long the condition must hold, and how long it possibly could. */
  holdMs: number
  roomMs: number
}

/**
 * The window of an alert around an injected fault: from the injection, which nothing can precede, to the latest time that
 * scraping, evaluating and `for` allow after the fault was seen to bite and the target had the time that the scenario grants it to
 * show that (`onset`). Where the rule's own expression was evaluated again and held earlier, `to` is the firing that it predicts. It
 * never makes the window longer: a rule that looks too slowly would excuse itself.
 */
export const windowOf = (subject: Subject, step: StepRecord & { injected: number }, scrapeMs: number): Window => {
  const fault = { from: step.injected, to: bitAt(step) }
  const timings = subject.rules.map((rule) => ruleTiming(rule, scrapeMs))
  const bounds = alertWindow(fault, timings, step.expected.onsetMs)
  const tolerance = most(timings, toleranceMs)
  const guardFrom = step.injected - most(timings, ({ evaluationMs }) => evaluationMs)
  const over = step.over ?? Infinity
  const attribution = { from: guardFrom, to: over + most(timings, lingerMs) + tolerance }

  const held = subject.stretches?.filter(({ from, to }) => to >= step.injected && from <= attribution.to) ?? null
  const predicted =
    held
      ?.flatMap(({ from, firesAt }) => (firesAt === null || from < step.injected ? [] : [{ from, firesAt }]))
      .sort((a, b) => a.firesAt - b.firesAt)[0] ?? null
  return {
    injected: step.injected,
    expected: { from: bounds.from, to: tolerance + Math.min(predicted?.firesAt ?? Infinity, bounds.to) },
    latest: bounds.to,
    predicted,
    attribution,
    guardFrom,
    resetBy: most(timings, (timing) => resetLatest(over, timing)) + tolerance,
    held,
    holdMs: Math.min(...timings.map(holdMs)),
    roomMs: attribution.to - step.injected,
  }
}

/** When the fault was seen to bite: never before it was injected. */
export const bitAt = ({ injected, effective }: { injected: number; effective: number | null }): number =>
  Math.max(injected, effective ?? injected)

// --- Internal helpers ---

const most = (timings: readonly Timing[], value: (timing: Timing) => number): number => Math.max(...timings.map(value))
