import { setTimeout as delay } from 'node:timers/promises'

export interface UntilOptions {
  /** For the error: `a pod of Job "x" to be ready`. */
  what: string
  timeoutMs: number
  everyMs?: number
  signal?: AbortSignal
}

/** Asks until the answer is true. Throws when it took too long, or when the signal came first. */
export const until = async (
  check: () => Promise<boolean>,
  { what, timeoutMs, everyMs = 250, signal }: UntilOptions,
): Promise<void> => {
  const deadline = performance.now() + timeoutMs
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1_000} s for ${what}`)
    await delay(everyMs, undefined, signal === undefined ? {} : { signal })
  }
}
