import { createContentIndex } from './content-index.ts'
import { createFreeQueue } from './free-queue.ts'

/** The device's KV blocks: who holds them, which are free, and which are found by the hash of what they contain. */
export interface BlockPool {
  /** Free blocks, those that are still cached included. */
  free(): number
  /** 0 to 1, as `vllm:kv_cache_usage_perc`. */
  usage(): number
  /** The block that holds this content, or -1. */
  lookup(hash: number): number
  isFree(block: number): boolean
  /** One more holder; a cached free block leaves the free queue. */
  touch(block: number): void
  /** Takes the block that was free for longest and forgets what it contained. The caller has checked `free()`. */
  allocate(): number
  /** Makes a held block findable. Where two blocks have the same content, the first is the one found. */
  register(block: number, hash: number): void
  /** Gives up one holding of each; the last first, so that a prefix is evicted from its tail. */
  release(blocks: readonly number[]): void
  /** Forgets all content; false, and nothing done, while any block is held. */
  reset(): boolean
}

/** vLLM's BlockPool (vllm/v1/core/block_pool.py). Block 0 is the null block: never free, never used. */
export const createBlockPool = (total: number): BlockPool => {
  const queue = createFreeQueue(total)
  const content = createContentIndex(total)
  const holders = new Uint32Array(total)
  for (let block = 1; block < total; block++) queue.pushBack(block)

  return {
    free: () => queue.size(),
    usage: () => (total > 1 ? 1 - queue.size() / (total - 1) : 0),
    lookup: (hash) => content.find(hash),
    isFree: (block) => queue.has(block),
    touch: (block) => {
      const held = holders[block] ?? 0
      if (held === 0) queue.remove(block)
      holders[block] = held + 1
    },
    allocate: () => {
      const block = queue.popFront()
      if (block === -1) throw new Error('no free KV block: the caller did not check')
      content.remove(block)
      holders[block] = 1
      return block
    },
    register: (block, hash) => content.add(block, hash),
    release: (blocks) => {
      // Content that nobody can find again is worth nothing: reuse it first.
      let lastOfFront = -1
      for (let index = blocks.length - 1; index >= 0; index--) {
        const block = blocks[index] ?? 0
        const held = holders[block] ?? 0
        if (held === 0) throw new Error(`KV block ${block} released twice`)
        holders[block] = held - 1
        if (held > 1) continue
        if (content.has(block)) queue.pushBack(block)
        else {
          queue.insertAfter(block, lastOfFront)
          lastOfFront = block
        }
      }
    },
    reset: () => {
      if (queue.size() !== total - 1) return false
      content.clear()
      return true
    },
  }
}
