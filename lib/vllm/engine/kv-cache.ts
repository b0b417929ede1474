import type { EngineConfig } from './types.ts'
import { createLruQueue } from './lru-queue.ts'
import { createPrefixIndex, hitBlocks, type Hits } from './prefix-index.ts'
import type { Run, RunOwner } from './run.ts'

/** What the cache keeps of a request. */
export interface Holder extends RunOwner {
  readonly totalTokens: number
  readonly computedTokens: number
  readonly order: number
  /** Blocks that it holds, hits included, and how many of them are full; of a sequence in steady decode: see there. */
  heldBlocks: number
  filledBlocks: number
  /** What it found in the cache, and what it computes itself; null without prefix caching. */
  hits: Hits | null
  run: Run | null
}

/**
 * vLLM's KVCacheManager for one group of full attention. Blocks have no numbers: which one a request gets cannot be seen
 * from outside, only how many are free and whose content is lost. So whole runs of blocks are held, released and found.
 */
export interface KvCache {
  /** Free blocks, those that are still cached included. */
  freeBlocks(): number
  /** 0 to 1, as `vllm:kv_cache_usage_perc`. */
  usage(): number
  /** Forgets all content; false, and nothing done, while any block is held. */
  reset(): boolean
  /** Cached blocks that begin this request's tokens; at most all tokens but the last, which has to be computed. */
  lookup(request: Holder): Hits | null
  /** Takes the blocks that were free for longest. The caller has checked `freeBlocks()`. */
  take(count: number): void
  /** Gives a running request room for `tokens` more; false where there is none, and then nothing changed. */
  grow(request: Holder, tokens: number, tick: number): boolean
  /** Admits a waiting request: takes the hits and room for `tokens`. `busy`: something runs, so the watermark holds. */
  admit(request: Holder, hits: Hits | null, tokens: number, busy: boolean, tick: number): boolean
  free(request: Holder): void
}

export type KvConfig = Pick<
  EngineConfig,
  'blockSize' | 'enablePrefixCaching' | 'maxModelLen' | 'numGpuBlocks' | 'reserveFullPrompt' | 'watermark'
>

export const createKvCache = (config: KvConfig): KvCache => {
  const { blockSize, enablePrefixCaching, maxModelLen, numGpuBlocks, reserveFullPrompt = true, watermark = 0 } = config
  const index = createPrefixIndex(blockSize, numGpuBlocks)
  const cached = createLruQueue()
  /** Free blocks without content: they are reused before all others. Block 0 is the null block, which nobody gets. */
  let blank = numGpuBlocks - 1
  const watermarkBlocks = Math.floor(watermark * numGpuBlocks)

  const free = (): number => blank + cached.size()
  const blocksFor = (tokens: number): number => Math.ceil(tokens / blockSize)
  const prune = (run: Run): void => {
    if (run.isForgotten()) index.forget(run)
  }
  const take = (count: number): void => {
    const blanks = Math.min(count, blank)
    blank -= blanks
    if (count > blanks) cached.evict(count - blanks, prune)
  }
  const fill = (request: Holder, tokens: number): void => {
    request.heldBlocks = blocksFor(tokens)
    request.filledBlocks = Math.floor(tokens / blockSize)
  }

  return {
    take,
    freeBlocks: free,
    usage: () => (numGpuBlocks > 1 ? 1 - free() / (numGpuBlocks - 1) : 0),
    reset: () => {
      if (free() < numGpuBlocks - 1) return false
      index.clear()
      cached.clear()
      blank = numGpuBlocks - 1
      return true
    },
    lookup: (request) =>
      enablePrefixCaching ? index.find(request.content, Math.floor((request.totalTokens - 1) / blockSize)) : null,
    grow: (request, tokens, tick) => {
      const target = request.computedTokens + tokens
      const missing = blocksFor(target) - request.heldBlocks
      if (missing > free()) return false
      take(missing)
      request.run?.fillAtOnce(request.filledBlocks, tick)
      fill(request, target)
      return true
    },
    admit: (request, hits, tokens, busy, tick) => {
      const blocks = hitBlocks(hits)
      let revived = 0
      for (let at = hits; at !== null; at = at.before) revived += cached.count(at.run, at.from, at.to)
      const target = blocks * blockSize + tokens
      const whole = Math.min(request.totalTokens, maxModelLen)
      const needed = blocksFor(reserveFullPrompt ? Math.max(whole, target) : target) - blocks
      if (needed + revived + (busy ? watermarkBlocks : 0) > free()) return false
      for (let at = hits; at !== null; at = at.before) {
        if (revived > 0) cached.revive(at.run, at.from, at.to)
        at.run.hold(at.from, at.to)
      }
      request.hits = hits
      take(blocksFor(target) - blocks)
      if (enablePrefixCaching) request.run = index.begin(request, blocks, request.order, tick)
      fill(request, target)
      return true
    },
    free: (request) => {
      const { heldBlocks, filledBlocks, hits, run } = request
      if (heldBlocks === 0) return
      if (run === null) blank += heldBlocks
      else {
        blank += heldBlocks - filledBlocks
        run.owner = null
        run.eachFree(run.start, filledBlocks, cached.append)
        prune(run)
        for (let at = hits; at !== null; at = at.before) {
          at.run.unhold(at.from, at.to)
          at.run.eachFree(at.from, at.to, cached.append)
          prune(at.run)
        }
      }
      request.heldBlocks = 0
      request.filledBlocks = 0
      request.hits = null
      request.run = null
    },
  }
}
