import type { Clockwork } from '../clockwork.ts'

/** Things with numbers from 0 on that all have the same time until they are due, most of which are over long before. */
export interface Deadlines {
  /** The next number's thing has started, now. */
  add(): void
}

export interface DeadlinesOptions {
  /** When it started, in milliseconds since the epoch; null where it is over. */
  startedAt(number: number): number | null
  onDue(number: number): void
}

/**
 * One alarm for all of them: they are due in the order in which they came. By number, so that nothing is kept alive for a
 * minute that is over after seconds.
 */
export const createDeadlines = (
  clock: Clockwork,
  afterMs: number,
  { startedAt, onDue }: DeadlinesOptions,
): Deadlines => {
  /** All before it are over. */
  let first = 0
  let end = 0
  let isSet = false

  const look = (): void => {
    for (; first < end; first++) {
      const started = startedAt(first)
      if (started === null) continue
      if (started + afterMs > clock.now()) return void clock.at(started + afterMs, look)
      onDue(first)
    }
    isSet = false
  }
  return {
    add: () => {
      end++
      if (isSet) return
      isSet = true
      clock.after(afterMs, look)
    },
  }
}
