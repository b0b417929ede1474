import { none } from './added.ts'
import type { Chosen, Emission } from './core.ts'
import { createDecodeSet, type DecodeSet } from './decode-set.ts'
import { createKvCache, type KvCache } from './kv-cache.ts'
import type { Clock, Sequence } from './sequence.ts'
import { createSequenceList, type SequenceList } from './sequence-list.ts'
import type { EngineConfig, TokenGap } from './types.ts'

/** What the parts of the scheduler share. */
export interface Batch {
  readonly config: EngineConfig
  readonly kv: KvCache
  readonly clock: Clock
  /** In order of admission. */
  readonly running: SequenceList
  readonly waiting: SequenceList
  /** Those of `running` that get one token in every step … */
  readonly decoding: DecodeSet
  /** … and the rest: prefills, and whom a step had no budget for. */
  irregular: Sequence[]
  /** The step at hand, and what came out of the last one: written anew each time. */
  readonly chosen: SequenceChosen
  readonly emission: SequenceEmission
  /** The one gap of all in steady decode, which is all that most steps have. */
  readonly steadyGaps: readonly [TokenGap]
}

interface SequenceChosen extends Chosen {
  preempted: Sequence[]
}

interface SequenceEmission extends Emission {
  finished: readonly Sequence[]
}

export const createBatch = (config: EngineConfig, pages: number): Batch => {
  const clock = {
    blockSize: config.blockSize,
    tick: 0,
    inFlight: false,
    endedAt: Number.NaN,
    previousEndedAt: Number.NaN,
  }
  return {
    config,
    kv: createKvCache(config),
    clock,
    running: createSequenceList(),
    waiting: createSequenceList(),
    decoding: createDecodeSet(clock, pages),
    irregular: [],
    chosen: {
      startedAt: Number.NaN,
      durationMs: 0,
      prefillTokens: 0,
      prefillPairs: 0,
      decodeSequences: 0,
      contextTokens: 0,
      waitingRequests: 0,
      scheduledTokens: 0,
      preempted: none(),
      prefixRequests: 0,
      prefixQueries: 0,
      prefixHits: 0,
    },
    emission: { emittedCount: 0, firstTokens: none(), gaps: none(), finished: none(), toldPreemptions: 0 },
    steadyGaps: [{ gapMs: Number.NaN, count: 0 }],
  }
}

/** Takes a sequence out of the batch, and its blocks from it. `computed`: the tokens that it has blocks for. */
export const leave = (batch: Batch, sequence: Sequence, computed = sequence.computedTokens): void => {
  if (sequence.steady) batch.decoding.leave(sequence, computed)
  else batch.irregular = batch.irregular.filter((other) => other !== sequence)
  batch.running.remove(sequence)
  batch.kv.free(sequence)
}

/** vLLM's `_preempt_request`: everything is computed again, and it waits first in line. */
export const preempt = (batch: Batch, sequence: Sequence, computed = sequence.computedTokens): void => {
  leave(batch, sequence, computed)
  sequence.computedTokens = 0
  sequence.status = 'preempted'
  sequence.preemptions++
  sequence.untoldPreemptions++
  if (batch.config.policy === 'priority') batch.waiting.insert(sequence)
  else batch.waiting.prepend(sequence)
}

/** A request's share of one step: `--long-prefill-token-threshold`. */
export const limited = (tokens: number, chunk: number): number => (chunk > 0 ? Math.min(tokens, chunk) : tokens)
