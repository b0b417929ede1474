import { emptySlots } from '../core/slots.ts'

/** Events by time, then by order of arrival. */
export interface EventQueue<Event> {
  /** Of the next event; null where there is none. Times are finite. */
  nextTime(): number | null
  /** `now`: no event that is still to come is before it. */
  push(time: number, event: Event, now: number): void
  pop(): Event | null
}

/** Milliseconds: what is due within them comes mostly in the order of its times. */
const SOON_MS = 5
/** A power of two. */
const FIRST_SIZE = 1_024

/**
 * A binary heap, and beside it a line for what is due at once and not before the last in the line: ways between client and server,
 * of which each takes as long as the others. In columns: times are compared where they lie.
 */
export const createEventQueue = <Event>(): EventQueue<Event> => {
  const heap = createHeap<Event>()
  const line = createLine<Event>()
  let count = 0
  const isLineFirst = (): boolean => {
    const ahead = line.time()
    const next = heap.time()
    return ahead < next || (ahead === next && line.order() < heap.order())
  }
  return {
    nextTime: () => {
      const time = Math.min(line.time(), heap.time())
      return time === Infinity ? null : time
    },
    push: (time, event, now) => {
      if (time - now <= SOON_MS && time >= line.lastTime()) line.push(time, count++, event)
      else heap.push(time, count++, event)
    },
    pop: () => (isLineFirst() ? line.pop() : heap.pop()),
  }
}

// --- Internal helpers ---

/** Times of what is empty are infinite, but the last one's: before all others. */
const createLine = <Event>() => {
  let times = new Float64Array(FIRST_SIZE)
  let orders = new Float64Array(FIRST_SIZE)
  let events = emptySlots<Event>(FIRST_SIZE)
  let first = 0
  let size = 0
  const at = (index: number): number => (first + index) & (events.length - 1)
  const grow = (): void => {
    const [pastTimes, pastOrders, past] = [times, orders, events]
    const places = past.map((_, index) => at(index))
    times = new Float64Array(2 * past.length)
    orders = new Float64Array(2 * past.length)
    events = emptySlots(2 * past.length)
    for (const [index, place] of places.entries()) {
      times[index] = pastTimes[place] ?? 0
      orders[index] = pastOrders[place] ?? 0
      events[index] = past[place] ?? null
    }
    first = 0
  }
  return {
    time: (): number => (size === 0 ? Infinity : (times[first] ?? 0)),
    order: (): number => orders[first] ?? 0,
    lastTime: (): number => (size === 0 ? -Infinity : (times[at(size - 1)] ?? 0)),
    push: (time: number, order: number, event: Event): void => {
      if (size === events.length) grow()
      const index = at(size++)
      times[index] = time
      orders[index] = order
      events[index] = event
    },
    pop: (): Event | null => {
      if (size === 0) return null
      const event = events[first] ?? null
      events[first] = null
      first = at(1)
      size--
      return event
    },
  }
}

const createHeap = <Event>() => {
  let times = new Float64Array(FIRST_SIZE)
  let orders = new Float64Array(FIRST_SIZE)
  const events: (Event | null)[] = []
  let size = 0

  const place = (index: number, time: number, order: number, event: Event | null): void => {
    times[index] = time
    orders[index] = order
    events[index] = event
  }
  const timeAt = (index: number): number => times[index] ?? 0
  const orderAt = (index: number): number => orders[index] ?? 0
  const move = (from: number, to: number): void => place(to, timeAt(from), orderAt(from), events[from] ?? null)
  const isBefore = (index: number, time: number, order: number): boolean => {
    const other = timeAt(index)
    return other < time || (other === time && orderAt(index) < order)
  }
  const grow = (): void => {
    const [before, ordersBefore] = [times, orders]
    times = new Float64Array(2 * before.length)
    times.set(before)
    orders = new Float64Array(2 * before.length)
    orders.set(ordersBefore)
  }
  /** From this place, which is free, up to where it belongs. */
  const rise = (from: number, time: number, order: number, event: Event | null): void => {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (isBefore(parent, time, order)) break
      move(parent, index)
      index = parent
    }
    place(index, time, order, event)
  }
  /**
   * The first is gone, and the last, whose place is cut off, gets a new one: a leaf's, since it nearly always belongs to one, and from
   * there up. So there is one comparison a level on the way down (Knuth, TAOCP 3, 5.2.3, exercise 18).
   */
  const close = (): void => {
    let free = 0
    for (let child = 1; child < size; child = 2 * free + 1) {
      if (child + 1 < size && isBefore(child + 1, timeAt(child), orderAt(child))) child++
      move(child, free)
      free = child
    }
    rise(free, timeAt(size), orderAt(size), events[size] ?? null)
  }
  return {
    time: (): number => (size === 0 ? Infinity : timeAt(0)),
    order: (): number => orderAt(0),
    push: (time: number, order: number, event: Event): void => {
      if (size === times.length) grow()
      rise(size++, time, order, event)
    },
    pop: (): Event | null => {
      if (size === 0) return null
      const first = events[0] ?? null
      if (--size > 0) close()
      events[size] = null
      return first
    },
  }
}
