import type { BackoffLimits } from './config.ts'

/** `delay` is what the next failure waits; `since` is when the last restart was granted (both milliseconds). */
export interface Backoff {
  delay: number
  since: number
}

/**
 * The kubelet's rule (client-go flowcontrol.Backoff): the first restart is at once, then base, doubling to max,
 * counted from the moment the container ended; forgotten when twice max has passed since the last restart.
 */
export const nextRestart = (
  backoff: Backoff | null,
  endedAt: number,
  { base, max }: BackoffLimits,
): { waitMs: number; backoff: Backoff } => {
  if (backoff === null || endedAt - backoff.since > 2 * max) {
    return { waitMs: 0, backoff: { delay: base, since: endedAt } }
  }
  const waitMs = backoff.delay
  return { waitMs, backoff: { delay: Math.min(2 * backoff.delay, max), since: endedAt + waitMs } }
}
