import { hashBlocks } from './block-hash.ts'
import { type BlockPool, createBlockPool } from './block-pool.ts'
import type { EngineConfig, EngineRequest } from './types.ts'

/** Which blocks each request holds: vLLM's KVCacheManager for one attention group. */
export interface KvCache {
  readonly pool: BlockPool
  /** Cached blocks that begin this request's tokens; at most all tokens but the last, which has to be computed. */
  lookup(request: EngineRequest): number[]
  /** Gives a running request room for `tokens` more; false where there is none, and then nothing changed. */
  grow(request: EngineRequest, tokens: number): boolean
  /** Admits a waiting request: takes the hits and room for `tokens`; false unless its whole sequence would fit. */
  admit(request: EngineRequest, hits: readonly number[], tokens: number): boolean
  free(request: EngineRequest): void
}

export const createKvCache = (config: EngineConfig): KvCache => {
  const { blockSize, enablePrefixCaching, maxModelLen } = config
  const pool = createBlockPool(config.numGpuBlocks)
  const blocksFor = (tokens: number): number => Math.ceil(tokens / blockSize)

  // Full blocks become findable when they are scheduled, as in vLLM: requests of one step can already share them.
  const register = (request: EngineRequest, tokens: number): void => {
    if (!enablePrefixCaching) return
    const full = Math.floor(tokens / blockSize)
    if (full <= request.registeredBlocks) return
    hashBlocks(request, full, blockSize)
    for (let index = request.registeredBlocks; index < full; index++) {
      pool.register(request.blocks[index] ?? 0, request.hashes[index] ?? 0)
    }
    request.registeredBlocks = full
  }
  const take = (request: EngineRequest, count: number): void => {
    for (let taken = 0; taken < count; taken++) request.blocks.push(pool.allocate())
  }

  return {
    pool,
    lookup: (request) => {
      const hits: number[] = []
      if (!enablePrefixCaching) return hits
      const most = Math.floor((request.prompt.length + request.outputTokens - 1) / blockSize)
      for (let index = 0; index < most; index++) {
        hashBlocks(request, index + 1, blockSize)
        const block = pool.lookup(request.hashes[index] ?? 0)
        if (block === -1) break
        hits.push(block)
      }
      return hits
    },
    grow: (request, tokens) => {
      const target = request.computedTokens + tokens
      const missing = blocksFor(target) - request.blocks.length
      if (missing > pool.free()) return false
      if (missing > 0) take(request, missing)
      register(request, target)
      return true
    },
    admit: (request, hits, tokens) => {
      const whole = blocksFor(Math.min(request.prompt.length + request.outputTokens, maxModelLen))
      let revived = 0
      for (const block of hits) if (pool.isFree(block)) revived++
      // vLLM's scheduler_reserve_full_isl (default since March 2026): no half-fitting prompt is started.
      if (whole - hits.length + revived > pool.free()) return false
      for (const block of hits) pool.touch(block)
      request.blocks = [...hits]
      request.registeredBlocks = hits.length
      const target = hits.length * blockSize + tokens
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
