import { createHeap } from './heap.ts'
import { createWheel } from './wheel.ts'

/** Events by time, then by order of arrival. */
export interface EventQueue<Event> {
  /** Takes out the next one, where it is not after this time; null, and nothing done, where there is none. Times are finite. */
  next(until: number): Event | null
  /** Of the event that was taken out last. */
  time(): number
  /** Not before the event that was taken out last. */
  push(time: number, event: Event): void
}

/**
 * A wheel for what comes soon, which is nearly all, and beside it a heap for what is further off than a turn of the wheel.
 * No event is before `start`. Times are in milliseconds.
 */
export const createEventQueue = <Event>(start: number): EventQueue<Event> => {
  const far = createHeap<Event>()
  const wheel = createWheel<Event>(start)
  let count = 0
  let time = start
  return {
    next: (until) => {
      const soon = wheel.time()
      const late = far.time()
      const isSoon = soon < late || (soon === late && wheel.order() < far.order())
      const first = isSoon ? soon : late
      if (first > until || first === Infinity) return null
      time = first
      return isSoon ? wheel.pop() : far.pop()
    },
    time: () => time,
    push: (at, event) => {
      const kind = wheel.reaches(at, time) ? wheel : far
      kind.push(at, count++, event)
    },
  }
}
