import type { EngineConfig } from './types.ts'
import { createLruQueue } from './lru-queue.ts'
import { createPrefixIndex, type Hits, type Piece } from './prefix-index.ts'
import type { Run, RunOwner } from './run.ts'

/** What the cache keeps of a request. */
export interface Holder extends RunOwner {
  readonly totalTokens: number
  readonly computedTokens: number
  readonly order: number
  /** Blocks that it holds, hits included, and how many of them are full; of a sequence in steady decode: see there. */
  heldBlocks: number
  filledBlocks: number
  /** Its hits, and what it computes itself; null without prefix caching. */
  pieces: readonly Piece[]
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
  lookup(request: Holder): Hits
  /** Takes the blocks that were free for longest. The caller has checked `freeBlocks()`. */
  take(count: number): void
  /** Gives a running request room for `tokens` more; false where there is none, and then nothing changed. */
  grow(request: Holder, tokens: number, tick: number): boolean
  /** Admits a waiting request: takes the hits and room for `tokens`. `busy`: something runs, so the watermark holds. */
  admit(request: Holder, hits: Hits, tokens: number, busy: boolean, tick: number): boolean
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
  const fill = (request: Holder, tokens: number, tick: number): void => {
    request.heldBlocks = blocksFor(tokens)
    request.filledBlocks = Math.floor(tokens / blockSize)
    request.run?.fillAtOnce(request.filledBlocks, tick)
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
      enablePrefixCaching ? index.find(request.content, Math.floor((request.totalTokens - 1) / blockSize)) : NO_HITS,
    grow: (request, tokens, tick) => {
      const target = request.computedTokens + tokens
      const missing = blocksFor(target) - request.heldBlocks
      if (missing > free()) return false
      take(missing)
      fill(request, target, tick)
      return true
    },
    admit: (request, { blocks, pieces }, tokens, busy, tick) => {
      let revived = 0
      for (const { run, from, to } of pieces) revived += cached.count(run, from, to)
      const target = blocks * blockSize + tokens
      const whole = Math.min(request.totalTokens, maxModelLen)
      const needed = blocksFor(reserveFullPrompt ? Math.max(whole, target) : target) - blocks
      if (needed + revived + (busy ? watermarkBlocks : 0) > free()) return false
      for (const { run, from, to } of pieces) {
        if (revived > 0) cached.revive(run, from, to)
        run.hold(from, to)
      }
      request.pieces = pieces
      take(blocksFor(target) - blocks)
      if (enablePrefixCaching) request.run = index.begin(request, blocks, request.order)
      fill(request, target, tick)
      return true
    },
    free: (request) => {
      const { heldBlocks, filledBlocks, pieces, run } = request
      if (heldBlocks === 0) return
      if (run === null) blank += heldBlocks
      else {
        blank += heldBlocks - filledBlocks
        run.owner = null
        run.eachFree(run.start, filledBlocks, cached.append)
        prune(run)
        for (let at = pieces.length - 1; at >= 0; at--) {
          const piece = pieces[at]
          if (piece === undefined) continue
          piece.run.unhold(piece.from, piece.to)
          piece.run.eachFree(piece.from, piece.to, cached.append)
          prune(piece.run)
        }
      }
      request.heldBlocks = 0
      request.filledBlocks = 0
      request.pieces = NO_HITS.pieces
      request.run = null
    },
  }
}

// --- Internal helpers ---

const NO_HITS: Hits = { blocks: 0, pieces: [] }
