import { type Hashed, hashBlocks } from './block-hash.ts'
import { createBlockPool } from './block-pool.ts'
import type { EngineConfig } from './types.ts'

/** What the cache knows of a request. */
export interface Holder extends Hashed {
  readonly outputTokens: number
  readonly computedTokens: number
  blocks: number[]
  /** How many of `blocks` are registered in the prefix cache. */
  registeredBlocks: number
}

/** Which blocks each request holds: vLLM's KVCacheManager for one group of full attention. */
export interface KvCache {
  /** Free blocks, those that are still cached included. */
  freeBlocks(): number
  /** 0 to 1, as `vllm:kv_cache_usage_perc`. */
  usage(): number
  /** Forgets all content; false, and nothing done, while any block is held. */
  reset(): boolean
  /**
   * Cached blocks that begin this request's tokens; at most all tokens but the last, which has to be computed. The
   * array is reused by the next call.
   */
  lookup(request: Holder): readonly number[]
  /** Gives a running request room for `tokens` more; false where there is none, and then nothing changed. */
  grow(request: Holder, tokens: number): boolean
  /** One more block; the caller has checked `freeBlocks()`. */
  extend(request: Holder): void
  /** Admits a waiting request: takes the hits and room for `tokens`. `busy`: something runs, so the watermark holds. */
  admit(request: Holder, hits: readonly number[], tokens: number, busy: boolean): boolean
  /** Registers the request's full blocks among its first `tokens` tokens. */
  register(request: Holder, tokens: number): void
  free(request: Holder): void
}

export type KvConfig = Pick<
  EngineConfig,
  'blockSize' | 'enablePrefixCaching' | 'maxModelLen' | 'numGpuBlocks' | 'reserveFullPrompt' | 'watermark'
>

export const createKvCache = (config: KvConfig): KvCache => {
  const { blockSize, enablePrefixCaching, maxModelLen, numGpuBlocks, reserveFullPrompt = true, watermark = 0 } = config
  const pool = createBlockPool(numGpuBlocks)
  const watermarkBlocks = Math.floor(watermark * numGpuBlocks)
  const found: number[] = []
  const blocksFor = (tokens: number): number => Math.ceil(tokens / blockSize)

  // Full blocks become findable when they are scheduled, as in vLLM: requests of one step can already share them.
  const register = (request: Holder, tokens: number): void => {
    if (!enablePrefixCaching) return
    const full = Math.floor(tokens / blockSize)
    if (full <= request.registeredBlocks) return
    hashBlocks(request, full, blockSize)
    for (let index = request.registeredBlocks; index < full; index++) {
      pool.register(request.blocks[index] ?? 0, request.hashes[index] ?? 0)
    }
    request.registeredBlocks = full
  }
  const take = (request: Holder, count: number): void => {
    for (let taken = 0; taken < count; taken++) request.blocks.push(pool.allocate())
  }

  return {
    freeBlocks: pool.free,
    usage: pool.usage,
    reset: pool.reset,
    register,
    lookup: (request) => {
      found.length = 0
      if (!enablePrefixCaching) return found
      const most = Math.floor((request.prompt.length + request.outputTokens - 1) / blockSize)
      for (let index = 0; index < most; index++) {
        if (request.hashes.length <= index) hashBlocks(request, index + 1, blockSize)
        const block = pool.lookup(request.hashes[index] ?? 0)
        if (block === -1) break
        found.push(block)
      }
      return found
    },
    grow: (request, tokens) => {
      const target = request.computedTokens + tokens
      const missing = blocksFor(target) - request.blocks.length
      if (missing > pool.free()) return false
      if (missing > 0) take(request, missing)
      register(request, target)
      return true
    },
    extend: (request) => take(request, 1),
    admit: (request, hits, tokens, busy) => {
      let revived = 0
      for (const block of hits) if (pool.isFree(block)) revived++
      const target = hits.length * blockSize + tokens
      const whole = Math.min(request.prompt.length + request.outputTokens, maxModelLen)
      const needed = blocksFor(reserveFullPrompt ? Math.max(whole, target) : target) - hits.length
      if (needed + revived + (busy ? watermarkBlocks : 0) > pool.free()) return false
      for (const block of hits) pool.touch(block)
      request.blocks = [...hits]
      request.registeredBlocks = hits.length
      take(request, blocksFor(target) - hits.length)
      register(request, target)
      return true
    },
    free: (request) => {
      pool.release(request.blocks)
      request.blocks = []
      request.registeredBlocks = 0
    },
  }
}
