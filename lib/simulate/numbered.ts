import { emptySlots } from '../core/slots.ts'

/**
 * Things by number. Numbers grow, nearly, from one to the next, and what is added is removed again before long: it costs eight bytes
 * for each number from the oldest on that is left. Requests time out, and a replica that hangs is one for as long as an incident lasts.
 */
export interface Numbered<T> {
  size(): number
  get(number: number): T | null
  /** Nothing is there by that number yet. */
  add(number: number, value: T): void
  /** Returns what was there. */
  remove(number: number): T | null
  /** In the order of their numbers. */
  all(): T[]
}

const FIRST_CAPACITY = 1_024

/**
 * A window that moves along the numbers. No Map: where one makes itself a new table, V8 lets the old one lead to the new one, and
 * what was in any of them lives until the next full collection.
 */
export const createNumbered = <T>(): Numbered<T> => {
  /** By number modulo the length, which is a power of two. */
  let slots = emptySlots<T>(FIRST_CAPACITY)
  /** The window: outside of it all slots are null. */
  let first = 0
  let end = 0
  let size = 0

  const at = (number: number): T | null => slots[number & (slots.length - 1)] ?? null
  const isInside = (number: number): boolean => number >= first && number < end
  const widen = (length: number): void => {
    let capacity = slots.length
    while (capacity < length) capacity *= 2
    const wider = emptySlots<T>(capacity)
    for (let number = first; number < end; number++) wider[number & (capacity - 1)] = at(number)
    slots = wider
  }
  const moveTo = (number: number): void => {
    if (lengthWith(number) > slots.length) makeRoom(number)
    first = Math.min(first, number)
    end = Math.max(end, number + 1)
  }
  const lengthWith = (number: number): number => Math.max(end, number + 1) - Math.min(first, number)
  /** Only now is it looked where the oldest are that are left. */
  const makeRoom = (number: number): void => {
    if (size === 0) first = end = number
    while (first < end && at(first) === null) first++
    if (lengthWith(number) > slots.length) widen(lengthWith(number))
  }
  return {
    size: () => size,
    get: (number) => (isInside(number) ? at(number) : null),
    add: (number, value) => {
      if (!isInside(number)) moveTo(number)
      slots[number & (slots.length - 1)] = value
      size++
    },
    remove: (number) => {
      const found = isInside(number) ? at(number) : null
      if (found === null) return null
      slots[number & (slots.length - 1)] = null
      size--
      return found
    },
    all: () => {
      const found: T[] = []
      for (let number = first; number < end; number++) {
        const one = at(number)
        if (one !== null) found.push(one)
      }
      return found
    },
  }
}
