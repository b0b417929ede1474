import { emptySlots } from '../../core/slots.ts'
import { Run, type RunOwner } from './run.ts'
import { type Hashed, hashAt, sameHeadBlocks } from './block-hash.ts'

/** Cached blocks of a request: those of a run up to `to` (exclusive), and before them others from its first token on. */
export interface Hits {
  readonly run: Run
  readonly from: number
  to: number
  readonly before: Hits | null
}

export const hitBlocks = (hits: Hits | null): number => (hits === null ? 0 : hits.to)

/** The content of the KV blocks: which runs there are, found by the hash of their first block. */
export interface PrefixIndex {
  /** The longest prefix of at most `most` blocks that is cached, block by block in the one that was filled first. */
  find(request: Hashed, most: number): Hits | null
  /** A run of this owner from block `start` on. */
  begin(owner: RunOwner, start: number, order: number, tick: number): Run
  forget(run: Run): void
  clear(): void
}

/** `blocks`: how many there are to be found. */
export const createPrefixIndex = (blockSize: number, blocks: number): PrefixIndex => {
  // Most slots are empty: to look at another run is to look at memory that is far away. No Map: its keys come and go, and each time it
  // makes itself a new table the old one keeps what it had alive.
  const slots = emptySlots<Run>(2 ** Math.ceil(Math.log2(Math.max(1, blocks / 2))))
  /** The first `followed` of them; no shorter list, which would have to grow again. */
  const candidates: Run[] = []
  let followed = 0
  /** How many runs begin at each block: at most of them none does. */
  const starts: number[] = []
  const slotOf = (hash: number): number => hash & (slots.length - 1)

  /** Keeps the runs that go on as the request does, and adds those that begin here. */
  const follow = (request: Hashed, block: number): void => {
    const isStart = (starts[block] ?? 0) > 0
    if (followed === 0 && !isStart) return
    const hash = hashAt(request, block, blockSize)
    let kept = 0
    for (let at = 0; at < followed; at++) {
      const run = candidates[at]
      if (run !== undefined && hashAt(run.content, block, blockSize) === hash) candidates[kept++] = run
    }
    followed = kept
    if (!isStart) return
    for (let run = slots[slotOf(hash)] ?? null; run !== null; run = run.sameSlot) {
      if (run.start === block && hashAt(run.content, block, blockSize) === hash) candidates[followed++] = run
    }
  }
  /** Up to there nothing would be found but this run, which was at this block. */
  const alikeTo = (request: Hashed, block: number, run: Run): number => {
    if (followed > 1) return block + 1
    const end = Math.min(sameHeadBlocks(request, run.content, blockSize), run.cachedTo(block))
    let to = block + 1
    while (to < end && (starts[to] ?? 0) === 0) to++
    return to
  }
  const firstFilled = (block: number): Run | null => {
    let first: Run | null = null
    for (let at = 0; at < followed; at++) {
      const run = candidates[at]
      if (run === undefined || !run.isCached(block)) continue
      if (first === null || isEarlier(run, first, block, blockSize)) first = run
    }
    return first
  }

  return {
    find: (request, most) => {
      let hits: Hits | null = null
      followed = 0
      for (let block = 0, to = 0; block < most; block = to) {
        follow(request, block)
        const run = firstFilled(block)
        if (run === null) break
        to = Math.min(most, alikeTo(request, block, run))
        hits = extended(hits, run, block, to)
      }
      return hits
    },
    begin: (owner, start, order, tick) => {
      const run = new Run(owner, start, order, tick)
      run.slot = slotOf(hashAt(owner.content, start, blockSize))
      run.sameSlot = slots[run.slot] ?? null
      slots[run.slot] = run
      while (starts.length <= start) starts.push(0)
      starts[start] = (starts[start] ?? 0) + 1
      return run
    },
    forget: (run) => {
      starts[run.start] = (starts[run.start] ?? 0) - 1
      const { slot } = run
      let before = slots[slot] ?? null
      if (before === run) slots[slot] = run.sameSlot
      else {
        while (before !== null && before.sameSlot !== run) before = before.sameSlot
        if (before !== null) before.sameSlot = run.sameSlot
      }
      run.sameSlot = null
    },
    clear: () => {
      slots.fill(null)
      starts.length = 0
    },
  }
}

// --- Internal helpers ---

/** With these blocks behind them. */
const extended = (hits: Hits | null, run: Run, from: number, to: number): Hits => {
  if (hits?.run !== run) return { run, from, to, before: hits }
  hits.to = to
  return hits
}

/** Blocks of one step are filled in the order of the batch. */
const isEarlier = (one: Run, other: Run, block: number, blockSize: number): boolean => {
  const difference = one.filledAt(block, blockSize) - other.filledAt(block, blockSize)
  return difference === 0 ? one.order < other.order : difference < 0
}
