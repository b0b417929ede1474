import type { Clock } from '../core/clock.ts'
import { errorMessage } from '../core/errors.ts'

export interface Polling {
  clock: Clock
  signal: AbortSignal
  /** What could not be asked is told, and asked again: it is no reason to stop. */
  onError(message: string): void
}

/** Asks again and again; resolves with the first answer, or null when the signal came first. */
export const poll = async <T>(
  everyMs: number,
  ask: () => Promise<T | null>,
  { clock, signal, onError }: Polling,
): Promise<T | null> => {
  while (!signal.aborted) {
    await clock.sleep(everyMs, signal)
    if (signal.aborted) break
    try {
      const answer = await ask()
      if (answer !== null) return answer
    } catch (error) {
      onError(errorMessage(error))
    }
  }
  return null
}
