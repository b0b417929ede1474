import { added } from './added.ts'
import { type Batch, limited, preempt } from './batch.ts'
import type { Sequence } from './sequence.ts'
import type { SequenceList } from './sequence-list.ts'

/**
 * Schedules what runs and returns the budget that is left: where nothing is short all of it at once, else one sequence
 * after the other as vLLM does.
 */
export const scheduleRunning = (batch: Batch, chunk: number): number =>
  scheduleAtOnce(batch, chunk) ?? scheduleInOrder(batch, chunk)

// --- Internal helpers ---

/** Without a look at those in steady decode; null where budget or blocks could be short, and then nothing is done. */
const scheduleAtOnce = (batch: Batch, chunk: number): number | null => {
  const { clock, config, decoding, irregular, kv, running } = batch
  let budget = config.maxNumBatchedTokens - decoding.size()
  if (budget < 0) return null
  let blocks = decoding.growth()
  for (const sequence of irregular) {
    const wanted = limited(sequence.totalTokens - sequence.computedTokens, chunk)
    // Only the last of the batch may be cut by the budget: nobody behind it gets less.
    if (wanted > budget && (budget === 0 || sequence !== running.last())) return null
    sequence.stepTokens = Math.min(wanted, budget)
    budget -= sequence.stepTokens
    blocks += Math.ceil((sequence.computedTokens + sequence.stepTokens) / config.blockSize) - sequence.heldBlocks
  }
  if (blocks > kv.freeBlocks()) return null
  kv.take(decoding.growth())
  for (const sequence of irregular) kv.grow(sequence, sequence.stepTokens, clock.tick)
  return budget
}

/** vLLM's loop over `self.running`, preempting where blocks are short. */
const scheduleInOrder = (batch: Batch, chunk: number): number => {
  const { config, running } = batch
  for (const sequence of batch.irregular) sequence.stepTokens = 0
  let budget = config.maxNumBatchedTokens
  let at = running.first()
  while (at !== null && budget > 0) {
    const sequence: Sequence = at
    const wanted = sequence.steady ? 1 : limited(sequence.totalTokens - sequence.computedTokens, chunk)
    const tokens = Math.min(wanted, budget)
    let fits = grow(batch, sequence, tokens)
    while (!fits && sequence.status === 'running') {
      const victim = victimOf(batch, running) ?? sequence
      const isScheduled = victim.order < sequence.order
      if (isScheduled) budget += victim.steady ? 1 : victim.stepTokens
      at = sequence.next
      preempt(batch, victim, isScheduled ? victim.totalTokens : victim.totalTokens - 1)
      batch.chosen.preempted = added(batch.chosen.preempted, victim)
      fits = victim !== sequence && grow(batch, sequence, tokens)
    }
    if (!fits) break
    if (!sequence.steady) sequence.stepTokens = tokens
    budget -= tokens
    at = sequence.next
  }
  for (; at !== null; at = at.next) starve(batch, at)
  return budget
}

const grow = ({ clock, decoding, kv }: Batch, sequence: Sequence, tokens: number): boolean => {
  if (!sequence.steady) return kv.grow(sequence, tokens, clock.tick)
  if (!decoding.needsBlock(sequence)) return true
  if (kv.freeBlocks() === 0) return false
  kv.take(1)
  return true
}

/** Nothing in this step: out of steady decode until it gets its next token. */
const starve = (batch: Batch, sequence: Sequence): void => {
  if (!sequence.steady) return
  batch.decoding.leave(sequence, sequence.totalTokens - 1)
  sequence.stepTokens = 0
  batch.irregular = added(batch.irregular, sequence)
}

/** The last admitted; by priority the first of the least important, as Python's `max` finds it. */
const victimOf = ({ config }: Batch, running: SequenceList): Sequence | null => {
  if (config.policy !== 'priority') return running.last()
  let victim = running.first()
  for (let at = victim; at !== null; at = at.next) {
    if (victim === null || isLess(victim, at)) victim = at
  }
  return victim
}

const isLess = (one: Sequence, other: Sequence): boolean =>
  one.priority === other.priority ? one.arrivedAt < other.arrivedAt : one.priority < other.priority
