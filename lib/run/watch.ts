import { formatDuration } from '../core/duration.ts'
import type { Ending } from './ending.ts'
import type { Polling } from './poll.ts'

/** Resolves with the end that it sees a reason for, or null at the signal. */
export type Watch = (polling: Polling) => Promise<Ending | null>

export const stopped = (reason: string | null): Ending | null =>
  reason === null ? null : { ending: 'stopped', endingReason: reason }

export const timeLimit =
  (maxDuration: number): Watch =>
  async ({ clock, signal }) => {
    await clock.sleep(maxDuration, signal)
    return signal.aborted ? null : stopped(`the run took ${formatDuration(maxDuration)} (safety.maxDuration)`)
  }

export const unexpectedReason = (alerts: readonly string[]): string =>
  `an alert fired that nothing in force explains: ${alerts.join(', ')} (safety.stopOnUnexpectedAlert)`
