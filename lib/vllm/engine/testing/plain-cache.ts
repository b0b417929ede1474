import { outputToken } from '../../text/words.ts'
import type { KvConfig } from '../kv-cache.ts'
import type { Tokens } from '../types.ts'

/** What the cache knows of a request. */
export interface PlainHolder {
  readonly prompt: Tokens
  readonly outputSeed: number
  readonly outputTokens: number
  readonly computedTokens: number
  /** In the order of its tokens. */
  blocks: number[]
  /** How many of them are registered in the prefix cache. */
  registeredBlocks: number
}

export interface PlainCache {
  freeBlocks(): number
  usage(): number
  /** Forgets all content; false, and nothing done, while any block is held. */
  reset(): boolean
  lookup(request: PlainHolder): number[]
  /** Room for `tokens` more; false where there is none, and then nothing changed. */
  grow(request: PlainHolder, tokens: number): boolean
  admit(request: PlainHolder, hits: readonly number[], tokens: number, busy: boolean): boolean
  free(request: PlainHolder): void
}

/**
 * vLLM's KVCacheManager, BlockPool and FreeKVCacheBlockQueue as plain lists: content is compared as text, not by hash.
 * Slow, and with nothing in common with the one that it checks.
 */
export const createPlainCache = (config: KvConfig): PlainCache => {
  const { blockSize, enablePrefixCaching, maxModelLen, numGpuBlocks, reserveFullPrompt = true, watermark = 0 } = config
  let free = Array.from({ length: numGpuBlocks - 1 }, (_, index) => index + 1)
  const holders = new Map<number, number>()
  const contentOf = new Map<number, string>()
  /** In the order in which they were registered. */
  const blocksOf = new Map<string, number[]>()
  const needed = (tokens: number): number => Math.ceil(tokens / blockSize)

  /** All tokens up to the block's end; written down, as it is asked for often. */
  const written = new WeakMap<PlainHolder, string[]>()
  const contentOfBlock = (request: PlainHolder, index: number): string => {
    const { prompt, outputSeed } = request
    const known = written.get(request) ?? []
    written.set(request, known)
    for (let block = known.length; block <= index; block++) {
      const tokens = Array.from({ length: blockSize }, (_, offset) => block * blockSize + offset)
        .map((at) => prompt.at(at) ?? outputToken(outputSeed, at - prompt.length))
        .join(' ')
      known.push(`${known[block - 1] ?? ''} ${tokens}`)
    }
    return known[index] ?? ''
  }
  const forget = (block: number): void => {
    const content = contentOf.get(block)
    if (content === undefined) return
    contentOf.delete(block)
    const rest = (blocksOf.get(content) ?? []).filter((other) => other !== block)
    if (rest.length === 0) blocksOf.delete(content)
    else blocksOf.set(content, rest)
  }
  const extend = (request: PlainHolder): void => {
    const block = free.shift()
    if (block === undefined) throw new Error('no free block')
    forget(block)
    holders.set(block, 1)
    request.blocks.push(block)
  }
  const register = (request: PlainHolder, tokens: number): void => {
    if (!enablePrefixCaching) return
    for (; (request.registeredBlocks + 1) * blockSize <= tokens; request.registeredBlocks++) {
      const block = request.blocks[request.registeredBlocks] ?? 0
      const content = contentOfBlock(request, request.registeredBlocks)
      contentOf.set(block, content)
      blocksOf.set(content, [...(blocksOf.get(content) ?? []), block])
    }
  }

  return {
    freeBlocks: () => free.length,
    usage: () => 1 - free.length / (numGpuBlocks - 1),
    reset: () => {
      if (free.length < numGpuBlocks - 1) return false
      contentOf.clear()
      blocksOf.clear()
      return true
    },
    lookup: (request) => {
      const hits: number[] = []
      if (!enablePrefixCaching) return hits
      const last = request.prompt.length + request.outputTokens - 1
      while ((hits.length + 1) * blockSize <= last) {
        const found = blocksOf.get(contentOfBlock(request, hits.length))?.[0]
        if (found === undefined) break
        hits.push(found)
      }
      return hits
    },
    grow: (request, tokens) => {
      const target = request.computedTokens + tokens
      const missing = needed(target) - request.blocks.length
      if (missing > free.length) return false
      for (let taken = 0; taken < missing; taken++) extend(request)
      register(request, target)
      return true
    },
    admit: (request, hits, tokens, busy) => {
      const evictable = hits.filter((block) => free.includes(block)).length
      const margin = busy ? Math.floor(watermark * numGpuBlocks) : 0
      const fits = (target: number): boolean => needed(target) - hits.length + evictable + margin <= free.length
      const target = hits.length * blockSize + tokens
      if (reserveFullPrompt && !fits(Math.min(request.prompt.length + request.outputTokens, maxModelLen))) return false
      if (!fits(target)) return false
      for (const block of hits) {
        free = free.filter((other) => other !== block)
        holders.set(block, (holders.get(block) ?? 0) + 1)
      }
      request.blocks = [...hits]
      request.registeredBlocks = hits.length
      while (request.blocks.length < needed(target)) extend(request)
      register(request, target)
      return true
    },
    free: (request) => {
      const freed = request.blocks.toReversed().filter((block) => {
        const left = (holders.get(block) ?? 0) - 1
        if (left < 0) throw new Error(`block ${block} freed twice`)
        holders.set(block, left)
        return left === 0
      })
      // What nobody can find again first, in this order; what can be found last.
      free = [
        ...freed.filter((block) => !contentOf.has(block)),
        ...free,
        ...freed.filter((block) => contentOf.has(block)),
      ]
      request.blocks = []
      request.registeredBlocks = 0
    },
  }
}
