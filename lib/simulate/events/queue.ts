import { createHeap } from './heap.ts'
import { createWheel } from './wheel.ts'

/** Events by time, then by order of arrival. */
export interface EventQueue<Event> {
  /** Of the next event; null where there is none. Times are finite. */
  nextTime(): number | null
  /** `now`: no event that is still to come is before it. */
  push(time: number, event: Event, now: number): void
  pop(): Event | null
}

/**
 * A wheel for what comes soon, which is nearly all, and beside it a heap for what is further off than a turn of the wheel.
 * No event is before `start`. Times are in milliseconds.
 */
export const createEventQueue = <Event>(start: number): EventQueue<Event> => {
  const far = createHeap<Event>()
  const wheel = createWheel<Event>(start)
  let count = 0
  const isWheelFirst = (): boolean => {
    const soon = wheel.time()
    const late = far.time()
    return soon < late || (soon === late && wheel.order() < far.order())
  }
  return {
    nextTime: () => {
      const time = Math.min(wheel.time(), far.time())
      return time === Infinity ? null : time
    },
    push: (time, event, now) => {
      const kind = wheel.reaches(time, now) ? wheel : far
      kind.push(time, count++, event)
    },
    pop: () => (isWheelFirst() ? wheel.pop() : far.pop()),
  }
}
