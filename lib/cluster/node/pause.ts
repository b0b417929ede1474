import { setTimeout as delay } from 'node:timers/promises'

/** Resolves after the time, or as soon as the signal says so; never rejects. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined)
