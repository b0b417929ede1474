import { emptySlots } from '../../core/slots.ts'
import { added, none } from './added.ts'
import type { Clock, Sequence } from './sequence.ts'
import { inOrder } from './sequence-list.ts'

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
  /** Those that get their last token in the step at hand, in the order of the batch. */
  takeFinishing(): Sequence[]
}

export const createDecodeSet = (clock: Clock, pageCount: number): DecodeSet => {
  const { blockSize } = clock
  /** By the step of their end, modulo the pages: as a calendar that is hung up again when it has been torn off. */
  const pages = emptySlots<Sequence[]>(pageCount)
  /** A sequence needs a block in every `blockSize`-th step: how many do so at each phase. */
  const phases = new Int32Array(blockSize)
  let size = 0
  let origins = 0

  const phaseOf = (sequence: Sequence): number => (((1 - sequence.origin) % blockSize) + blockSize) % blockSize
  const note = (sequence: Sequence): void => {
    const page = sequence.finishesAt % pageCount
    pages[page] = added(pages[page] ?? none(), sequence)
  }
  const change = (sequence: Sequence, by: 1 | -1): void => {
    const phase = phaseOf(sequence)
    phases[phase] = (phases[phase] ?? 0) + by
    size += by
    origins += by * sequence.origin
  }

  return {
    size: () => size,
    contextTokens: () => origins + size * clock.tick,
    join: (sequence) => {
      sequence.beginSteady()
      change(sequence, 1)
      note(sequence)
    },
    leave: (sequence, computed) => {
      change(sequence, -1)
      sequence.endSteady(computed)
    },
    growth: () => phases[clock.tick % blockSize] ?? 0,
    needsBlock: (sequence) => phaseOf(sequence) === clock.tick % blockSize,
    takeFinishing: () => {
      const { tick } = clock
      const page = tick % pageCount
      const list = pages[page] ?? null
      if (list === null) return none()
      pages[page] = null
      // A sequence may have left since, or be here twice because it came back.
      let finishing = 0
      for (const sequence of list) {
        const { finishesAt } = sequence
        if (finishesAt === tick) list[finishing++] = sequence
        else if (finishesAt > tick && finishesAt % pageCount === page) note(sequence)
      }
      // To set a length costs more than all this, also where it is the same.
      if (finishing < list.length) list.length = finishing
      return finishing < 2 ? list : withoutRepeats(inOrder(list))
    },
  }
}

// --- Internal helpers ---

/** In place. */
const withoutRepeats = (list: Sequence[]): Sequence[] => {
  let kept = 0
  for (const sequence of list) if (kept === 0 || sequence !== list[kept - 1]) list[kept++] = sequence
  if (kept < list.length) list.length = kept
  return list
}
