import { emptySlots } from '../../core/slots.ts'
import { added, none } from './added.ts'
import type { Clock, Sequence } from './sequence.ts'

/**
 * The sequences in steady decode: one token in every step. All that a step needs of them is how many there are, how many
 * of them need another block, and which get their last token; the rest follows from the clock.
 */
export interface DecodeSet {
  size(): number
  /** Tokens that they attend to in the step at hand, all together. */
  contextTokens(): number
  /** A sequence that has just got a token (the clock shows the next step). */
  join(sequence: Sequence): void
  /** `computed`: the tokens that it has blocks for. */
  leave(sequence: Sequence, computed: number): void
  /** How many blocks they need in the step at hand, all together. */
  growth(): number
  needsBlock(sequence: Sequence): boolean
  /** Takes out those that got their last token in the step before the clock's; nearly always in the order of the batch. */
  takeFinished(): Sequence[]
}

export const createDecodeSet = (clock: Clock, pageCount: number): DecodeSet => {
  const { blockSize } = clock
  /** By the step of their end, modulo the pages, the last to join first: a calendar that is hung up again when it has been torn off. */
  const pages = emptySlots<Sequence>(pageCount)
  /** A sequence needs a block in every `blockSize`-th step: how many do so at each phase. */
  const phases = new Int32Array(blockSize)
  let size = 0
  let origins = 0

  const phaseOf = (sequence: Sequence): number => (((1 - sequence.origin) % blockSize) + blockSize) % blockSize
  const note = (sequence: Sequence): void => {
    const page = sequence.finishesAt % pageCount
    sequence.nextOnPage = pages[page] ?? null
    pages[page] = sequence
  }
  /** Who finishes is the first of its page, or nearly so. */
  const strike = (sequence: Sequence): void => {
    const page = sequence.finishesAt % pageCount
    let before = pages[page] ?? null
    if (before === sequence) pages[page] = sequence.nextOnPage
    else {
      while (before !== null && before.nextOnPage !== sequence) before = before.nextOnPage
      if (before !== null) before.nextOnPage = sequence.nextOnPage
    }
    sequence.nextOnPage = null
  }
  const change = (sequence: Sequence, by: 1 | -1): void => {
    const phase = phaseOf(sequence)
    phases[phase] = (phases[phase] ?? 0) + by
    size += by
    origins += by * sequence.origin
  }
  const leave = (sequence: Sequence, computed: number): void => {
    change(sequence, -1)
    strike(sequence)
    sequence.endSteady(computed)
  }

  return {
    size: () => size,
    contextTokens: () => origins + size * clock.tick,
    join: (sequence) => {
      sequence.beginSteady()
      change(sequence, 1)
      note(sequence)
    },
    leave,
    growth: () => phases[clock.tick % blockSize] ?? 0,
    needsBlock: (sequence) => phaseOf(sequence) === clock.tick % blockSize,
    takeFinished: () => {
      const ended = clock.tick - 1
      let list = none<Sequence>()
      let at = pages[ended % pageCount] ?? null
      while (at !== null) {
        const next: Sequence | null = at.nextOnPage
        if (at.finishesAt === ended) {
          leave(at, at.computedTokens)
          list = added(list, at)
        }
        at = next
      }
      return list.length < 2 ? list : list.toReversed()
    },
  }
}
