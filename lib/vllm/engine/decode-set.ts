import type { Clock, Sequence } from './sequence.ts'
import { inOrder } from './sequence-list.ts'

/**
 * The sequences in steady decode, and a calendar of the few steps in which one of them needs something: another block,
 * its full block registered, its end. All other steps cost it nothing.
 */
export interface DecodeSet {
  size(): number
  /** Tokens that they attend to in the step at hand, all together. */
  contextTokens(): number
  /** A sequence that has just got a token (the clock shows the next step). */
  join(sequence: Sequence): void
  leave(sequence: Sequence): void
  /** The lists of the step at hand, in the order of the batch. Right until `advance`. */
  growing(): readonly Sequence[]
  filling(): readonly Sequence[]
  finishing(): readonly Sequence[]
  /** A sequence got the block that it needed in this step: plans what comes after. */
  grown(sequence: Sequence): void
  /** To the next step: the clock, and the calendar with it. */
  advance(now: number): void
}

export const createDecodeSet = (blockSize: number, clock: Clock): DecodeSet => {
  // No plan reaches further than one block.
  const span = blockSize + 2
  const page = (): Sequence[][] => Array.from({ length: span }, () => [])
  const grows = page()
  const fills = page()
  const finishes = page()
  let size = 0
  let origins = 0

  const on = (calendar: Sequence[][], tick: number): Sequence[] => calendar[tick % span] ?? []
  /** Its last block is full one step before it needs the next. */
  const plan = (sequence: Sequence, growsAt: number): void => {
    const finishesAt = sequence.targetTokens + sequence.prompt.length - sequence.origin - 1
    sequence.growsAt = -1
    if (growsAt > clock.tick && growsAt - 1 <= finishesAt) {
      sequence.fillsAt = growsAt - 1
      on(fills, growsAt - 1).push(sequence)
    }
    if (growsAt <= finishesAt) {
      sequence.growsAt = growsAt
      on(grows, growsAt).push(sequence)
    } else {
      sequence.finishesAt = finishesAt
      on(finishes, finishesAt).push(sequence)
    }
  }
  /** What was planned and is still true: a sequence may have left since, or be here twice because it came back. */
  const due = (calendar: Sequence[][], isDue: (sequence: Sequence) => boolean): Sequence[] => {
    const list = on(calendar, clock.tick)
    keep(list, isDue)
    inOrder(list)
    keep(list, (sequence, before) => sequence !== before)
    return list
  }

  return {
    size: () => size,
    contextTokens: () => origins + size * clock.tick,
    join: (sequence) => {
      sequence.beginSteady()
      size++
      origins += sequence.origin
      plan(sequence, sequence.blocks.length * blockSize + 1 - sequence.origin)
    },
    leave: (sequence) => {
      size--
      origins -= sequence.origin
      sequence.endSteady()
    },
    growing: () => due(grows, ({ growsAt }) => growsAt === clock.tick),
    filling: () => due(fills, ({ fillsAt }) => fillsAt === clock.tick),
    finishing: () => due(finishes, ({ finishesAt }) => finishesAt === clock.tick),
    grown: (sequence) => plan(sequence, clock.tick + blockSize),
    advance: (now) => {
      on(grows, clock.tick).length = 0
      on(fills, clock.tick).length = 0
      on(finishes, clock.tick).length = 0
      clock.tick++
      clock.previousEndedAt = clock.endedAt
      clock.endedAt = now
    },
  }
}

// --- Internal helpers ---

/** Filters in place; `before` is the last that was kept. */
const keep = (list: Sequence[], isKept: (sequence: Sequence, before: Sequence | undefined) => boolean): void => {
  let kept = 0
  for (const sequence of list) if (isKept(sequence, list[kept - 1])) list[kept++] = sequence
  list.length = kept
}
