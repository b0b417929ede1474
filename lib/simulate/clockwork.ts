import type { Clock } from '../core/clock.ts'
import { createEventQueue } from './events/queue.ts'

export interface Alarm {
  /** Nothing happens any more; a second call changes nothing. */
  cancel(): void
}

/** The simulation's one clock, and all that is to happen on it. Times are milliseconds since the epoch. */
export interface Clockwork extends Clock {
  /** Never before now. What is due at the same time happens in the order in which it was asked for. */
  at(time: number, act: () => void): Alarm
  after(ms: number, act: () => void): Alarm
  /** The same for what there are hundreds of thousands of: nothing is made for it, and it cannot be cancelled. */
  tell(time: number, who: Timed): void
  /** Time stands still until the promise settles: an answer from outside takes no simulated time. */
  hold<T>(work: Promise<T>): Promise<T>
  /** Lets everything happen that is due up to a time, or until `stop`. */
  run(until: number): Promise<void>
  /** Ends `run` after the event under way. */
  stop(): void
}

/** Something that is told when its time has come. */
export interface Timed {
  due(): void
}

/** A plain call. */
class Event implements Alarm, Timed {
  /** Null once it is cancelled. */
  private act: (() => void) | null

  constructor(act: () => void) {
    this.act = act
  }

  due(): void {
    this.act?.()
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
  const queue = createEventQueue<Timed>(start)
  let now = start
  let stopped = false
  let woken = false
  const held: Promise<unknown>[] = []

  const at = (time: number, act: () => void): Alarm => {
    const event = new Event(act)
    tell(time, event)
    return event
  }
  const tell = (time: number, who: Timed): void => queue.push(Math.max(time, now), who)
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
    tell,
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
        const next = stopped ? null : queue.next(until)
        if (next === null) break
        now = queue.time()
        next.due()
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
