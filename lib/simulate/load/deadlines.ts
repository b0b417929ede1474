import type { Clockwork } from '../clockwork.ts'

/** Things that all have the same time until they are due, most of which are over long before. */
export interface Deadlines<T> {
  /** From now on. */
  add(one: T): void
}

/** One alarm for all of them: they are due in the order in which they came. */
export const createDeadlines = <T>(
  clock: Clockwork,
  afterMs: number,
  { isOpen, onDue }: { isOpen(one: T): boolean; onDue(one: T): void },
): Deadlines<T> => {
  let queue: { one: T; at: number }[] = []
  let first = 0
  let isSet = false

  const look = (): void => {
    for (;;) {
      const next = queue[first]
      if (next === undefined) break
      if (isOpen(next.one)) {
        if (next.at > clock.now()) break
        onDue(next.one)
      }
      first++
    }
    queue = queue.slice(first)
    first = 0
    const [next] = queue
    isSet = next !== undefined
    if (next !== undefined) clock.at(next.at, look)
  }
  return {
    add: (one) => {
      queue.push({ one, at: clock.now() + afterMs })
      if (isSet) return
      isSet = true
      clock.after(afterMs, look)
    },
  }
}
