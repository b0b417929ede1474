/** Block ids in the order in which they will be reused; every operation is O(1). */
export interface FreeQueue {
  size(): number
  has(block: number): boolean
  /** The next to be reused, or -1. */
  popFront(): number
  pushBack(block: number): void
  /** Puts `block` behind `after`, or first where that is -1. */
  insertAfter(block: number, after: number): void
  remove(block: number): void
}

/** vLLM's FreeKVCacheBlockQueue: a doubly linked list, here in two typed arrays with a sentinel at index `capacity`. */
export const createFreeQueue = (capacity: number): FreeQueue => {
  const next = new Int32Array(capacity + 1).fill(-1)
  const previous = new Int32Array(capacity + 1).fill(-1)
  let count = 0
  next[capacity] = capacity
  previous[capacity] = capacity

  const insert = (block: number, after: number): void => {
    const before = next[after] ?? capacity
    previous[block] = after
    next[block] = before
    next[after] = block
    previous[before] = block
    count++
  }
  const remove = (block: number): void => {
    const after = previous[block] ?? capacity
    const before = next[block] ?? capacity
    next[after] = before
    previous[before] = after
    next[block] = -1
    previous[block] = -1
    count--
  }
  return {
    size: () => count,
    has: (block) => next[block] !== -1,
    popFront: () => {
      const first = next[capacity] ?? capacity
      if (first === capacity) return -1
      remove(first)
      return first
    },
    pushBack: (block) => insert(block, previous[capacity] ?? capacity),
    insertAfter: (block, after) => insert(block, after === -1 ? capacity : after),
    remove,
  }
}
