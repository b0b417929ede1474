import type { Clockwork } from '../clockwork.ts'

/** Things with numbers that all have the same time until they are due, most of which are over long before. */
export interface Deadlines {
  /** From now on. */
  add(number: number): void
}

/**
 * One alarm for all of them: they are due in the order in which they came. By number, so that nothing is kept alive for a
 * minute that is over after seconds.
 */
export const createDeadlines = (
  clock: Clockwork,
  afterMs: number,
  { isOpen, onDue }: { isOpen(number: number): boolean; onDue(number: number): void },
): Deadlines => {
  let numbers: number[] = []
  let times: number[] = []
  let isSet = false

  const look = (): void => {
    const now = clock.now()
    let first = 0
    for (; first < numbers.length; first++) {
      const number = numbers[first] ?? 0
      if (!isOpen(number)) continue
      if ((times[first] ?? 0) > now) break
      onDue(number)
    }
    numbers = numbers.slice(first)
    times = times.slice(first)
    isSet = numbers.length > 0
    if (isSet) clock.at(times[0] ?? now, look)
  }
  return {
    add: (number) => {
      numbers.push(number)
      times.push(clock.now() + afterMs)
      if (isSet) return
      isSet = true
      clock.after(afterMs, look)
    },
  }
}
