import type { Clock } from '../core/clock.ts'

export interface Alarm {
  /** Nothing happens any more; a second call changes nothing. */
  cancel(): void
}

/** The simulation's one clock, and all that is to happen on it. Times are milliseconds since the epoch. */
export interface Clockwork extends Clock {
  /** Never before now. What is due at the same time happens in the order in which it was asked for. */
  at(time: number, act: () => void): Alarm
  after(ms: number, act: () => void): Alarm
  /** Time stands still until the promise settles: an answer from outside takes no simulated time. */
  hold<T>(work: Promise<T>): Promise<T>
  /** Lets everything happen that is due up to a time, or until `stop`. */
  run(until: number): Promise<void>
  /** Ends `run` after the event under way. */
  stop(): void
}

/** A class: there are hundreds of thousands of them, and each is its own alarm. */
class Event implements Alarm {
  readonly time: number
  readonly order: number
  /** Null once it is cancelled. */
  act: (() => void) | null

  constructor(time: number, order: number, act: () => void) {
    this.time = time
    this.order = order
    this.act = act
  }

  cancel(): void {
    this.act = null
  }
}

/**
 * Most events are plain calls. A sleeper is a promise: after one woke up, the run waits for whatever it does at once,
 * so that asynchronous code keeps simulated time as it would keep the real one.
 */
export const createClockwork = (start: number): Clockwork => {
  const queue = createQueue()
  let now = start
  let order = 0
  let stopped = false
  let woken = false
  const held: Promise<unknown>[] = []

  const at = (time: number, act: () => void): Alarm => {
    const event = new Event(Math.max(time, now), order++, act)
    queue.push(event)
    return event
  }
  const settle = async (): Promise<void> => {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      if (held.length === 0) return
      await Promise.allSettled(held.splice(0))
    }
  }
  return {
    now: () => now,
    at,
    after: (ms, act) => at(now + ms, act),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          woken = true
          signal?.removeEventListener('abort', wake)
          alarm.cancel()
          resolve()
        }
        const alarm = at(now + ms, wake)
        if (signal?.aborted === true) wake()
        else signal?.addEventListener('abort', wake, { once: true })
      }),
    hold: (work) => {
      held.push(work)
      return work
    },
    run: async (until) => {
      stopped = false
      await settle()
      for (;;) {
        const next = queue.peek()
        if (stopped || next === undefined || next.time > until) break
        queue.pop()
        if (next.act === null) continue
        now = next.time
        next.act()
        if (!woken) continue
        woken = false
        await settle()
      }
      if (!stopped) now = Math.max(now, until)
    },
    stop: () => {
      stopped = true
    },
  }
}

// --- Internal helpers ---

const isBefore = (a: Event, b: Event): boolean => a.time < b.time || (a.time === b.time && a.order < b.order)

/** A binary heap. */
const createQueue = () => {
  const heap: Event[] = []
  const place = (event: Event, index: number): void => {
    heap[index] = event
  }
  return {
    peek: (): Event | undefined => heap[0],
    push: (event: Event): void => {
      let index = heap.length
      heap.push(event)
      while (index > 0) {
        const parent = (index - 1) >> 1
        const above = heap[parent]
        if (above === undefined || !isBefore(event, above)) break
        place(above, index)
        index = parent
      }
      place(event, index)
    },
    pop: (): void => {
      const last = heap.pop()
      if (last === undefined || heap.length === 0) return
      let index = 0
      for (;;) {
        const left = heap[2 * index + 1]
        const right = heap[2 * index + 2]
        if (left === undefined) break
        const isRight = right !== undefined && isBefore(right, left)
        const child = isRight ? right : left
        if (!isBefore(child, last)) break
        place(child, index)
        index = 2 * index + (isRight ? 2 : 1)
      }
      place(last, index)
    },
  }
}
