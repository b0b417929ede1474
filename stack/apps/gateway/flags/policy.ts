import type { RequestChange } from './transform.ts'

/** What the flags ask for one request. */
export interface RequestPolicy {
  change: RequestChange
  /** Copies that are sent while the answer is not complete, and where it failed. */
  retry: RetryPolicy
  /** Which requests go to the same replica. */
  affinity: Affinity
  /** Answered with 429 and this Retry-After; 0 lets the request through. */
  retryAfterSeconds: number
}

export interface RetryPolicy {
  /** At most so many copies; 0 for none. */
  retries: number
  /** An answer that is not complete after so long is asked for again. */
  timeoutMs: number
}

export const AFFINITIES = ['none', 'client', 'prefix'] as const
export type Affinity = (typeof AFFINITIES)[number]

/** Of a request that no flag is asked about. */
export const UNTOUCHED: RequestPolicy = {
  change: { contextTokens: 0, maxTokens: 0, uniquePrefix: false },
  retry: { retries: 0, timeoutMs: 0 },
  affinity: 'none',
  retryAfterSeconds: 0,
}
