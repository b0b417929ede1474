import type { Hashed } from './block-hash.ts'
import { targetTokensOf } from './core.ts'
import type { Holder } from './kv-cache.ts'
import type { Hits } from './prefix-index.ts'
import type { Run } from './run.ts'
import type { EngineRequest, FinishReason, RequestInit, RequestStatus, Tokens } from './types.ts'

/** The engine's count of steps, and when the last two ended. */
export interface Clock {
  readonly blockSize: number
  tick: number
  /** Between `schedule` and the step's end. */
  inFlight: boolean
  endedAt: number
  previousEndedAt: number
}

/**
 * A request as the engine keeps it. While it is in steady decode (one token in every step) nothing of it is written:
 * what changes with each step follows from the clock.
 */
export class Sequence implements EngineRequest, Holder {
  readonly targetTokens: number
  /** On its own, as the cache knows it for longer than the request. */
  readonly content: Hashed
  status: RequestStatus = 'waiting'
  finishReason: FinishReason | null = null
  cachedTokens = -1
  preemptions = 0
  untoldPreemptions = 0
  hits: Hits | null = null
  run: Run | null = null
  queuedAt = Number.NaN
  /** Grows with every request that is queued. */
  number = 0
  scheduledAt = Number.NaN
  firstTokenAt = Number.NaN

  /** Neighbours in the queue that it is in. */
  next: Sequence | null = null
  previous: Sequence | null = null
  /** Position in the batch: grows with every admission. */
  order = 0
  /** Tokens of the step in flight, where it is not in steady decode. */
  stepTokens = 0
  /** In steady decode: the step in which it gets its last token; else -1. */
  finishesAt = -1
  /** The next of those that finish on the same page of the calendar. */
  nextOnPage: Sequence | null = null

  readonly #init: RequestInit
  readonly #clock: Clock
  readonly #promptTokens: number
  #steadySince = 0
  #computedTokens = 0
  /** Those before steady decode. */
  #outputTokens = 0
  #heldBlocks = 0
  #filledBlocks = 0
  #lastTokenAt = Number.NaN
  #previousTokenAt = Number.NaN

  constructor(init: RequestInit, maxModelLen: number, clock: Clock) {
    this.#init = init
    this.#promptTokens = init.prompt.length
    this.content = { prompt: init.prompt, outputSeed: init.outputSeed, hashes: NO_HASHES }
    this.targetTokens = targetTokensOf(init, maxModelLen)
    this.#clock = clock
  }

  get id(): string {
    return this.#init.id
  }

  get prompt(): Tokens {
    return this.#init.prompt
  }

  get outputSeed(): number {
    return this.#init.outputSeed
  }

  get maxTokens(): number {
    return this.#init.maxTokens
  }

  get naturalLength(): number {
    return this.#init.naturalLength
  }

  get priority(): number {
    return this.#init.priority ?? 0
  }

  get arrivedAt(): number {
    return this.#init.arrivedAt
  }

  get steady(): boolean {
    return this.finishesAt !== -1
  }

  /** In steady decode: the tokens that there would have been at the clock's first tick. */
  get origin(): number {
    return this.#promptTokens + this.#outputTokens - this.#steadySince
  }

  get outputTokens(): number {
    return this.steady ? this.#outputTokens + this.#clock.tick - this.#steadySince : this.#outputTokens
  }

  get totalTokens(): number {
    return this.#promptTokens + this.outputTokens
  }

  get computedTokens(): number {
    if (!this.steady) return this.#computedTokens
    return this.totalTokens - (this.#clock.inFlight ? 0 : 1)
  }

  set computedTokens(tokens: number) {
    this.#computedTokens = tokens
  }

  get heldBlocks(): number {
    return this.steady ? Math.ceil(this.computedTokens / this.#clock.blockSize) : this.#heldBlocks
  }

  set heldBlocks(blocks: number) {
    this.#heldBlocks = blocks
  }

  get filledBlocks(): number {
    return this.steady ? Math.floor(this.computedTokens / this.#clock.blockSize) : this.#filledBlocks
  }

  set filledBlocks(blocks: number) {
    this.#filledBlocks = blocks
  }

  get lastTokenAt(): number {
    return this.steady ? this.#clock.endedAt : this.#lastTokenAt
  }

  get previousTokenAt(): number {
    return this.steady && this.#clock.tick > this.#steadySince ? this.#clock.previousEndedAt : this.#previousTokenAt
  }

  /** One token outside steady decode. */
  takeToken(now: number): void {
    this.#outputTokens++
    this.#previousTokenAt = this.#lastTokenAt
    this.#lastTokenAt = now
    if (this.#outputTokens === 1) this.firstTokenAt = now
  }

  /** From the next step on, one token in every step. */
  beginSteady(): void {
    const { tick } = this.#clock
    this.#steadySince = tick
    this.finishesAt = tick + this.targetTokens - this.#outputTokens - 1
    this.run?.fillSteadily(this.#filledBlocks, this.origin)
  }

  /** `computed`: the tokens that it has blocks for. */
  endSteady(computed: number): void {
    const { outputTokens, lastTokenAt, previousTokenAt } = this
    const { blockSize } = this.#clock
    this.finishesAt = -1
    this.#outputTokens = outputTokens
    this.#computedTokens = computed
    this.#heldBlocks = Math.ceil(computed / blockSize)
    this.#filledBlocks = Math.floor(computed / blockSize)
    this.#lastTokenAt = lastTokenAt
    this.#previousTokenAt = previousTokenAt
  }
}

// --- Internal helpers ---

/** One for all: the first hash makes another. */
const NO_HASHES: readonly number[] = []
