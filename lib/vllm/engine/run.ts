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
export interface RunOwner extends Hashed {
  /** Full blocks that it has registered, as of the step at hand. */
  readonly filledBlocks: number
}

/**
 * The blocks that one request computed from one admission on: from where its hits in the prefix cache ended. Blocks are
 * counted from the request's first token. A block is cached while its owner runs (and has filled it), while another
 * request holds it, or while it waits in an extent to be reused.
 */
export class Run {
  readonly start: number
  /** Of its first block. */
  readonly hash: number
  readonly content: Hashed
  /** The owner's place in the batch, which is the order in which one step registers blocks. */
  readonly order: number
  owner: RunOwner | null
  extents: Extent | null = null
  /** The next run whose hash has the same slot. */
  sameSlot: Run | null = null
  #holds: Hold | null = null
  /** When blocks were filled: up to which one, in which step (or, one a step, from which on), and which of the two. */
  #fills: readonly number[] = []

  constructor(owner: RunOwner, start: number, hash: number, order: number) {
    this.owner = owner
    this.content = owner
    this.start = start
    this.hash = hash
    this.order = order
  }

  /** In step `tick` everything before block `end` was full. */
  fillAtOnce(end: number, tick: number): void {
    this.#fills = this.#fills.length === 0 ? [end, tick, 0] : [...this.#fills, end, tick, 0]
  }

  /** From now on one token a step; `origin`: the tokens that there would have been at step 0. */
  fillSteadily(origin: number): void {
    this.#fills = [...this.#fills, Number.POSITIVE_INFINITY, origin, 1]
  }

  /** No longer. */
  stopAt(end: number): void {
    this.#fills = this.#fills.with(this.#fills.length - 3, end)
  }

  filledAt(block: number, blockSize: number): number {
    const fills = this.#fills
    for (let index = 0; index < fills.length; index += 3) {
      if (block >= (fills[index] ?? 0)) continue
      const at = fills[index + 1] ?? 0
      return fills[index + 2] === 0 ? at : (block + 1) * blockSize - at
    }
    return Number.POSITIVE_INFINITY
  }

  isCached(block: number): boolean {
    if (this.owner !== null && block >= this.start && block < this.owner.filledBlocks) return true
    for (let at = this.#holds; at !== null; at = at.next) if (block >= at.from && block < at.to) return true
    for (let at = this.extents; at !== null; at = at.sibling) if (block >= at.from && block < at.to) return true
    return false
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
