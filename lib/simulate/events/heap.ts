import { doubled } from '../../core/slots.ts'
import type { Waiting } from './waiting.ts'

const FIRST_SIZE = 256

/** A binary heap, in columns: times are compared where they lie. */
export const createHeap = <Event>(): Waiting<Event> => {
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
    times = doubled(times)
    orders = doubled(orders)
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
