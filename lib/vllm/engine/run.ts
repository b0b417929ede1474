import type { Hashed } from './block-hash.ts'

/** Blocks `from` to `to` (exclusive) of a run that nobody holds: one entry of the LRU queue, evicted from its end. */
export interface Extent {
  readonly run: Run
  from: number
  to: number
  next: Extent | null
  previous: Extent | null
}

/** So many requests hold blocks `from` to `to` (exclusive) of a run that another request computed. */
interface Hold {
  readonly from: number
  readonly to: number
  count: number
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
  readonly holds: Hold[] = []
  readonly extents: Extent[] = []
  /** The next run whose hash has the same slot. */
  sameSlot: Run | null = null
  /** When blocks were filled: up to which one, in which step (or, one a step, from which on), and which of the two. */
  readonly #fills: number[] = []

  constructor(owner: RunOwner, start: number, hash: number, order: number) {
    this.owner = owner
    this.content = owner
    this.start = start
    this.hash = hash
    this.order = order
  }

  /** In step `tick` everything before block `end` was full. */
  fillAtOnce(end: number, tick: number): void {
    this.#fills.push(end, tick, 0)
  }

  /** From now on one token a step; `origin`: the tokens that there would have been at step 0. */
  fillSteadily(origin: number): void {
    this.#fills.push(Number.POSITIVE_INFINITY, origin, 1)
  }

  stopAt(end: number): void {
    this.#fills[this.#fills.length - 3] = end
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
    for (const { from, to } of this.holds) if (block >= from && block < to) return true
    for (const { from, to } of this.extents) if (block >= from && block < to) return true
    return false
  }

  isForgotten(): boolean {
    return this.owner === null && this.holds.length === 0 && this.extents.length === 0
  }

  hold(from: number, to: number): void {
    const same = this.holds.find((hold) => hold.from === from && hold.to === to)
    if (same === undefined) this.holds.push({ from, to, count: 1 })
    else same.count++
  }

  unhold(from: number, to: number): void {
    const index = this.holds.findIndex((hold) => hold.from === from && hold.to === to)
    const hold = this.holds[index]
    if (hold === undefined) throw new Error(`blocks ${from} to ${to} of a run are released but not held`)
    hold.count--
    if (hold.count === 0) this.holds.splice(index, 1)
  }

  /** Of blocks `from` to `to` those that nobody holds, the last first. */
  eachFree(from: number, to: number, onFree: (from: number, to: number) => void): void {
    if (this.owner !== null) return
    let end = to
    while (end > from) {
      const last = end - 1
      let low = from
      let covered = false
      for (const hold of this.holds) {
        if (hold.from <= last && last < hold.to) {
          covered = true
          low = Math.max(from, hold.from)
          break
        }
        if (hold.to <= last) low = Math.max(low, hold.to)
      }
      if (!covered) onFree(low, end)
      end = low
    }
  }
}
