import type { Extent, Run } from './run.ts'

/** Cached blocks that nobody holds, in the order in which they will be reused. */
export interface LruQueue {
  /** In blocks. */
  size(): number
  /** Behind all others; of these blocks the last is reused first. */
  append(run: Run, from: number, to: number): void
  /** Of blocks `from` to `to` of the run those that are in the queue. */
  count(run: Run, from: number, to: number): number
  /** Takes these out, as somebody holds them again. */
  revive(run: Run, from: number, to: number): void
  /** Forgets the content of the first `count` blocks; calls back for each run that lost its last extent. */
  evict(count: number, onEmpty: (run: Run) => void): void
  clear(): void
}

/** vLLM's FreeKVCacheBlockQueue for blocks with content; what is released together is one entry. */
export const createLruQueue = (): LruQueue => {
  let head: Extent | null = null
  let tail: Extent | null = null
  let size = 0

  const insertAfter = (run: Run, from: number, to: number, previous: Extent | null): void => {
    const next: Extent | null = previous === null ? head : previous.next
    const extent: Extent = { run, from, to, previous, next, sibling: run.extents }
    if (previous === null) head = extent
    else previous.next = extent
    if (next === null) tail = extent
    else next.previous = extent
    run.extents = extent
  }
  const remove = (extent: Extent): void => {
    const { run, previous, next } = extent
    if (previous === null) head = next
    else previous.next = next
    if (next === null) tail = previous
    else next.previous = previous
    // Whoever is gone must not lead to those that follow: one that the collector has moved to the old would keep all of them.
    extent.previous = null
    extent.next = null
    if (run.extents === extent) {
      run.extents = extent.sibling
      return
    }
    let before = run.extents
    while (before !== null && before.sibling !== extent) before = before.sibling
    if (before !== null) before.sibling = extent.sibling
  }

  return {
    size: () => size,
    append: (run, from, to) => {
      insertAfter(run, from, to, tail)
      size += to - from
    },
    count: (run, from, to) => {
      let blocks = 0
      for (let at = run.extents; at !== null; at = at.sibling) {
        blocks += Math.max(0, Math.min(to, at.to) - Math.max(from, at.from))
      }
      return blocks
    },
    revive: (run, from, to) => {
      // A part that is split off is put before those that are still to come, and needs no look.
      for (let extent = run.extents; extent !== null; extent = extent.sibling) {
        const low = Math.max(from, extent.from)
        const high = Math.min(to, extent.to)
        if (low >= high) continue
        size -= high - low
        if (low === extent.from && high === extent.to) remove(extent)
        else if (high === extent.to) extent.to = low
        else {
          if (low > extent.from) insertAfter(run, extent.from, low, extent)
          extent.from = high
        }
      }
    },
    evict: (count, onEmpty) => {
      let left = count
      while (left > 0) {
        const extent = head
        if (extent === null) throw new Error('no free KV block: the caller did not check')
        const taken = Math.min(left, extent.to - extent.from)
        extent.to -= taken
        left -= taken
        size -= taken
        if (extent.to > extent.from) return
        remove(extent)
        if (extent.run.extents === null) onEmpty(extent.run)
      }
    },
    clear: () => {
      head = null
      tail = null
      size = 0
    },
  }
}
