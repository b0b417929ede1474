/** Which blocks hold the content of which hash. Hashes are whole numbers below 2^53 and never 0; block 0 is never in it. */
export interface ContentIndex {
  /** The first of the blocks with this content, or -1. */
  find(hash: number): number
  has(block: number): boolean
  /** The block must not be in the index. */
  add(block: number, hash: number): void
  remove(block: number): void
  clear(): void
}

/**
 * vLLM's BlockHashToBlockMap: blocks of the same content are not merged, and the one that came first is found. An
 * open-addressed table in typed arrays: a Map of numbers beyond 31 bits costs five times as much.
 */
export const createContentIndex = (blocks: number): ContentIndex => {
  const capacity = 2 ** Math.ceil(Math.log2(Math.max(2, blocks) * 2))
  const mask = capacity - 1
  /** The first block of a content; 0 where the slot is free. */
  const slots = new Int32Array(capacity)
  const hashOf = new Float64Array(blocks)
  /** The next block of the same content, or 0. */
  const following = new Int32Array(blocks)

  const home = (hash: number): number => (hash - Math.floor(hash / capacity) * capacity) & mask
  /** The slot that holds this content, or the free one where it belongs. */
  const slotOf = (hash: number): number => {
    let slot = home(hash)
    for (let block = slots[slot] ?? 0; block !== 0 && hashOf[block] !== hash; block = slots[slot] ?? 0) {
      slot = (slot + 1) & mask
    }
    return slot
  }
  /** Moves later entries of the same run forward, so that searching needs no tombstones. */
  const vacate = (slot: number): void => {
    let gap = slot
    let at = (gap + 1) & mask
    for (let block = slots[at] ?? 0; block !== 0; block = slots[at] ?? 0) {
      const wanted = home(hashOf[block] ?? 0)
      if (((at - wanted) & mask) >= ((at - gap) & mask)) {
        slots[gap] = block
        gap = at
      }
      at = (at + 1) & mask
    }
    slots[gap] = 0
  }

  return {
    find: (hash) => slots[slotOf(hash)] || -1,
    has: (block) => hashOf[block] !== 0,
    add: (block, hash) => {
      const slot = slotOf(hash)
      hashOf[block] = hash
      let last = slots[slot] ?? 0
      if (last === 0) {
        slots[slot] = block
        return
      }
      for (let next = following[last] ?? 0; next !== 0; next = following[last] ?? 0) last = next
      following[last] = block
    },
    remove: (block) => {
      const hash = hashOf[block] ?? 0
      if (hash === 0) return
      const slot = slotOf(hash)
      const after = following[block] ?? 0
      let before = slots[slot] ?? 0
      if (before !== block) {
        while (following[before] !== block) before = following[before] ?? 0
        following[before] = after
      } else if (after === 0) vacate(slot)
      else slots[slot] = after
      hashOf[block] = 0
      following[block] = 0
    },
    clear: () => {
      slots.fill(0)
      hashOf.fill(0)
      following.fill(0)
    },
  }
}
