import { type Clock, systemClock } from './clock.ts'

export interface UntilOptions {
  /** For the error: `a pod of Job "x" to be ready`. */
  what: string
  timeoutMs: number
  everyMs?: number
  signal?: AbortSignal
  clock?: Clock
}

/** Asks until the answer is true. Throws when it took too long, or when the signal came first, whose reason is the cause. */
export const until = async (
  check: () => Promise<boolean>,
  { what, timeoutMs, everyMs = 250, signal, clock = systemClock }: UntilOptions,
): Promise<void> => {
  const started = clock.now()
  while (!(await check())) {
    if (clock.now() > started + timeoutMs) throw new Error(`waited ${timeoutMs / 1_000} s for ${what}`)
    await clock.sleep(everyMs, signal)
    if (signal?.aborted !== true) continue
    const seconds = Math.round((clock.now() - started) / 1_000)
    throw new Error(`waited ${seconds} s for ${what}`, { cause: signal.reason })
  }
}
