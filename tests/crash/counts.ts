import type { Outcome } from './kill-point.ts'

export interface Counts {
  /** At which something was killed. */
  points: number
  /** Healed by whoever was to heal. */
  passed: number
  /** All others: something is left, or the point was not reached. */
  failed: number
  /** Points that did not come in any of their lives: nobody was killed there, so nothing is proven. */
  notReached: number
}

export const counted = (outcomes: readonly Outcome[]): Counts => {
  const notReached = outcomes.filter(({ result }) => result === 'not reached').length
  const left = outcomes.filter(({ result }) => result === 'left').length
  return {
    points: outcomes.length - notReached,
    passed: outcomes.length - notReached - left,
    failed: left + notReached,
    notReached,
  }
}

/** Of a run of all faults. */
export const LEAST_POINTS = 150

/** Why a run of all faults is no proof; null where it has kill points enough. */
export const tooFew = (points: number): string | null =>
  points >= LEAST_POINTS
    ? null
    : `expected at least ${LEAST_POINTS} kill points in a run of all faults, found ${points}: it proves too little`
