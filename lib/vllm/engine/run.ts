import type { Hashed } from './block-hash.ts'

/** Blocks `from` to `to` (exclusive) of a run that nobody holds: one entry of the LRU queue, evicted from its end. */
export interface Extent {
  readonly run: Run
  from: number
  to: number
  /** In the queue. */
  next: Extent | null
  previous: Extent | null
  /** Of the same run, in no order. */
  sibling: Extent | null
}

/** So many requests hold blocks `from` to `to` (exclusive) of a run that another request computed. */
interface Hold {
  readonly from: number
  readonly to: number
  count: number
  next: Hold | null
}

/** Who computes a run. */
export interface RunOwner {
  readonly content: Hashed
  /** Full blocks that it has registered, as of the step at hand. */
  readonly filledBlocks: number
}

/** Blocks from this one on, up to those of the fill after it. */
interface Fill {
  readonly from: number
  /** The step in which they were filled; with one token a step, the tokens that there would have been at step 0. */
  readonly at: number
  readonly isSteady: boolean
  readonly before: Fill | null
}

/**
 * The blocks that one request computed from one admission on: from where its hits in the prefix cache ended. Blocks are
 * counted from the request's first token. A block is cached while its owner runs (and has filled it), while another
 * request holds it, or while it waits in an extent to be reused.
 */
export class Run {
  readonly start: number
  readonly content: Hashed
  /** The owner's place in the batch, which is the order in which one step registers blocks. */
  readonly order: number
  /** The step in which its first blocks were filled. */
  readonly tick: number
  owner: RunOwner | null
  extents: Extent | null = null
  /** Where the index has it, and the next run there. */
  slot = -1
  sameSlot: Run | null = null
  #holds: Hold | null = null
  #lastFill: Fill | null = null

  constructor(owner: RunOwner, start: number, order: number, tick: number) {
    this.owner = owner
    this.content = owner.content
    this.start = start
    this.order = order
    this.tick = tick
  }

  /** What is full from this block on became so in step `tick`, until another fill begins. */
  fillAtOnce(from: number, tick: number): void {
    this.#lastFill = { from, at: tick, isSteady: false, before: this.#lastFill }
  }

  /** With one token a step; `origin`: the tokens that there would have been at step 0. */
  fillSteadily(from: number, origin: number): void {
    this.#lastFill = { from, at: origin, isSteady: true, before: this.#lastFill }
  }

  /** The step in which a block became full that is cached. */
  filledAt(block: number, blockSize: number): number {
    let fill = this.#lastFill
    while (fill !== null && fill.from > block) fill = fill.before
    if (fill === null) return this.tick
    return fill.isSteady ? (block + 1) * blockSize - fill.at : fill.at
  }

  isCached(block: number): boolean {
    return this.cachedTo(block) > block
  }

  /** All blocks from this one to that end (exclusive) are cached, and perhaps some behind it; the block itself where it is not. */
  cachedTo(block: number): number {
    let end = block
    if (this.owner !== null && block >= this.start) end = Math.max(end, this.owner.filledBlocks)
    for (let at = this.#holds; at !== null; at = at.next) if (block >= at.from && end < at.to) end = at.to
    for (let at = this.extents; at !== null; at = at.sibling) if (block >= at.from && end < at.to) end = at.to
    return end
  }

  isForgotten(): boolean {
    return this.owner === null && this.#holds === null && this.extents === null
  }

  hold(from: number, to: number): void {
    for (let at = this.#holds; at !== null; at = at.next) {
      if (at.from !== from || at.to !== to) continue
      at.count++
      return
    }
    this.#holds = { from, to, count: 1, next: this.#holds }
  }

  unhold(from: number, to: number): void {
    let before: Hold | null = null
    let at = this.#holds
    while (at !== null && (at.from !== from || at.to !== to)) {
      before = at
      at = at.next
    }
    if (at === null) throw new Error(`blocks ${from} to ${to} of a run are released but not held`)
    at.count--
    if (at.count > 0) return
    if (before === null) this.#holds = at.next
    else before.next = at.next
  }

  /** Of blocks `from` to `to` those that nobody holds, the last first. */
  eachFree(from: number, to: number, onFree: (run: Run, from: number, to: number) => void): void {
    if (this.owner !== null) return
    let end = to
    while (end > from) {
      let low = from
      let covered = false
      for (let at = this.#holds; at !== null && !covered; at = at.next) {
        if (at.to < end) low = Math.max(low, at.to)
        else if (at.from < end) {
          covered = true
          low = Math.max(from, at.from)
        }
      }
      if (!covered) onFree(this, low, end)
      end = low
    }
  }
}
