import { isMoreImportant } from './core.ts'
import type { Sequence } from './sequence.ts'

/** A queue of sequences, linked through them: each is in one list at a time. */
export interface SequenceList {
  size(): number
  first(): Sequence | null
  last(): Sequence | null
  append(sequence: Sequence): void
  prepend(sequence: Sequence): void
  /** Behind the last that is not less important. */
  insert(sequence: Sequence): void
  remove(sequence: Sequence): void
  all(): Sequence[]
}

export const createSequenceList = (): SequenceList => {
  let head: Sequence | null = null
  let tail: Sequence | null = null
  let size = 0

  const link = (sequence: Sequence, previous: Sequence | null, next: Sequence | null): void => {
    sequence.previous = previous
    sequence.next = next
    if (previous === null) head = sequence
    else previous.next = sequence
    if (next === null) tail = sequence
    else next.previous = sequence
    size++
  }
  return {
    size: () => size,
    first: () => head,
    last: () => tail,
    append: (sequence) => link(sequence, tail, null),
    prepend: (sequence) => link(sequence, null, head),
    insert: (sequence) => {
      let before = tail
      while (before !== null && isMoreImportant(sequence, before)) before = before.previous
      link(sequence, before, before === null ? head : before.next)
    },
    remove: (sequence) => {
      const { previous, next } = sequence
      if (previous === null) head = next
      else previous.next = next
      if (next === null) tail = previous
      else next.previous = previous
      sequence.previous = null
      sequence.next = null
      size--
    },
    all: () => {
      const list: Sequence[] = []
      for (let at = head; at !== null; at = at.next) list.push(at)
      return list
    },
  }
}

/** In the order of the batch. Nearly always they are already. */
export const inOrder = (sequences: Sequence[]): Sequence[] => {
  for (let index = 1; index < sequences.length; index++) {
    const before = sequences[index - 1]?.order ?? 0
    if (before > (sequences[index]?.order ?? 0)) return sequences.sort((one, other) => one.order - other.order)
  }
  return sequences
}
