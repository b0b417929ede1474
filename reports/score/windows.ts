import type { SampleSeries } from '../../lib/core/run-folder.ts'
import {
  firingBounds,
  holdMs,
  lingerMs,
  resetLatest,
  ruleTiming,
  toleranceMs,
  type Interval,
  type Timing,
} from './bounds.ts'
import type { Stretch } from './conditions.ts'
import { scrapeIntervalAround } from './scrapes.ts'
import type { StepRecord } from './steps.ts'
import type { Subject } from './subjects.ts'

/** What the physics says about one alert and one injected fault; milliseconds since the epoch. */
export interface Window {
  injected: number
  /** When it may fire for this fault. `to` includes the tolerance. */
  expected: Interval
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
 * scraping, evaluating and `for` allow after the fault was seen to bite. Where the rule's own expression was evaluated again, `to` is
 * the firing that it predicts: systems take their time to fill a cache or a queue, and that is not the alert's delay.
 */
export const windowOf = (
  subject: Subject,
  step: StepRecord & { injected: number },
  scrapes: readonly SampleSeries[] | null,
  scrapeIntervalMs: number,
): Window => {
  const onset = { from: step.injected, to: Math.max(step.injected, step.effective ?? step.injected) }
  const scrapeMs = scrapeIntervalAround(scrapes, onset.to, scrapeIntervalMs)
  const timings = subject.rules.map((rule) => ruleTiming(rule, scrapeMs))
  const bounds = timings.map((timing) => firingBounds(onset, timing))
  const tolerance = most(timings, toleranceMs)
  const guardFrom = step.injected - most(timings, ({ evaluationMs }) => evaluationMs)
  const over = step.over ?? Infinity
  const attribution = { from: guardFrom, to: over + most(timings, lingerMs) + tolerance }

  const held = subject.stretches?.filter(({ from, to }) => to >= step.injected && from <= attribution.to) ?? null
  const predicted = held?.find(({ from, firesAt }) => firesAt !== null && from >= step.injected)?.firesAt ?? null
  return {
    injected: step.injected,
    expected: {
      from: Math.min(...bounds.map(({ from }) => from)),
      to: tolerance + (predicted ?? Math.max(...bounds.map(({ to }) => to))),
    },
    attribution,
    guardFrom,
    resetBy: most(timings, (timing) => resetLatest(over, timing)) + tolerance,
    held,
    holdMs: Math.min(...timings.map(holdMs)),
    roomMs: attribution.to - step.injected,
  }
}

// --- Internal helpers ---

const most = (timings: readonly Timing[], value: (timing: Timing) => number): number => Math.max(...timings.map(value))
