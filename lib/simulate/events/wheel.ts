import { doubled } from '../../core/slots.ts'
import type { Waiting } from './waiting.ts'

/** Milliseconds. With thousands of users two or three events fall into one slot. */
const SLOT_MS = 16
/** A power of two: a turn takes 16 s, and few pauses are longer. */
const SLOTS = 1_024
/** Of events. */
const FIRST_SIZE = 1_024
const NONE = -1

export interface Wheel<Event> extends Waiting<Event> {
  /** Whether it has a slot for this time. `now`: nothing that is in it is before that. */
  reaches(time: number, now: number): boolean
}

/**
 * A timing wheel with its slots in order: G. Varghese and T. Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 5. Pushing and
 * popping cost the few events of one slot, where a heap costs the logarithm of all. Events are in columns and linked by their places, of
 * which the one that was free last is used next. No event is before `start`, from which slots are counted: as small integers.
 */
export const createWheel = <Event>(start: number): Wheel<Event> => {
  const heads = new Int32Array(SLOTS).fill(NONE)
  let times = new Float64Array(FIRST_SIZE)
  let orders = new Float64Array(FIRST_SIZE)
  let nexts = new Int32Array(FIRST_SIZE)
  const events: (Event | null)[] = []
  /** Places that were used and are free. */
  let free = NONE
  let size = 0
  /** No event is in a slot before this one; counted without turning round. */
  let first = 0

  const slotOf = (time: number): number => Math.floor((time - start) / SLOT_MS)
  const headOf = (slot: number): number => heads[slot & (SLOTS - 1)] ?? NONE
  const timeAt = (place: number): number => times[place] ?? 0
  const nextOf = (place: number): number => nexts[place] ?? NONE
  const head = (): number => {
    while (headOf(first) === NONE) first++
    return headOf(first)
  }
  const grow = (): void => {
    times = doubled(times)
    orders = doubled(orders)
    const past = nexts
    nexts = new Int32Array(2 * past.length)
    nexts.set(past)
  }
  const takePlace = (): number => {
    if (free === NONE) {
      if (events.length === times.length) grow()
      return events.push(null) - 1
    }
    const place = free
    free = nextOf(place)
    return place
  }
  return {
    reaches: (time, now) => slotOf(time) < slotOf(now) + SLOTS,
    time: () => (size === 0 ? Infinity : timeAt(head())),
    order: () => (size === 0 ? Infinity : (orders[head()] ?? 0)),
    push: (time, order, event) => {
      const place = takePlace()
      times[place] = time
      orders[place] = order
      events[place] = event
      const slot = slotOf(time)
      if (size++ === 0 || slot < first) first = slot
      // Behind all that are not after it: its order is the highest.
      let before = NONE
      let after = headOf(slot)
      while (after !== NONE && timeAt(after) <= time) {
        before = after
        after = nextOf(after)
      }
      nexts[place] = after
      if (before === NONE) heads[slot & (SLOTS - 1)] = place
      else nexts[before] = place
    },
    pop: () => {
      if (size === 0) return null
      size--
      const place = head()
      heads[first & (SLOTS - 1)] = nextOf(place)
      nexts[place] = free
      free = place
      const event = events[place] ?? null
      events[place] = null
      return event
    },
  }
}
