import { outputToken } from '../text/words.ts'
import type { Tokens } from './types.ts'

/** What of a request its blocks' content follows from. */
export interface Hashed {
  readonly prompt: Tokens
  readonly outputSeed: number
  /** Chained hashes of the full blocks behind those of the prompt's head, as far as they have been needed. */
  hashes: readonly number[]
}

/** The beginning of many prompts: its blocks are hashed once, and nobody compares them. */
export class SharedHead {
  /** Tokens. */
  readonly length: number
  /** Hashes of its full blocks, as far as they have been needed, for blocks of this size. */
  hashes: number[] = []
  blockSize = 0

  constructor(length: number) {
    this.length = length
  }
}

/** The parent of the first block. */
const ROOT = 1
const LOW_BITS = 20
const LOW = 2 ** LOW_BITS

/**
 * The hash of a full block: it covers the block's tokens and all before them, as vLLM's chained block hashes do; 52 bits
 * in one number instead of sha256, so collisions are possible in principle and negligible at the tens of thousands of
 * blocks that a device holds.
 */
export const hashAt = (request: Hashed, block: number, blockSize: number): number => {
  const { head } = request.prompt
  const shared = sharedBlocks(request, blockSize)
  if (head === undefined || shared === 0) return chained(request, request, 0, ROOT, block, blockSize)
  if (head.blockSize !== blockSize) {
    head.hashes = []
    head.blockSize = blockSize
  }
  const parent = chained(request, head, 0, ROOT, Math.min(block, shared - 1), blockSize)
  return block < shared ? parent : chained(request, request, shared, parent, block, blockSize)
}

/** Takes over the hash of a block from another request that has the same tokens up to its end. */
export const adoptHash = (request: Hashed, other: Hashed, block: number, blockSize: number): void => {
  if (request === other || request.hashes.length !== block - sharedBlocks(request, blockSize)) return
  keep(request, hashAt(other, block, blockSize))
}

/** Whether both have the same tokens in this block; that those before it are the same is known. */
export const isSameBlock = (one: Hashed, other: Hashed, block: number, blockSize: number): boolean => {
  if (one === other) return true
  const { head } = one.prompt
  const end = (block + 1) * blockSize
  if (head !== undefined && head === other.prompt.head && end <= head.length) return true
  const ones = arrayOf(one)
  const others = arrayOf(other)
  for (let index = block * blockSize; index < end; index++) {
    const token = (ones === null ? undefined : ones[index]) ?? tokenAt(one, index)
    if (token !== ((others === null ? undefined : others[index]) ?? tokenAt(other, index))) return false
  }
  return true
}

/** Blocks that both begin with and that nobody has to compare. */
export const sameHeadBlocks = (one: Hashed, other: Hashed, blockSize: number): number =>
  one.prompt.head === other.prompt.head ? sharedBlocks(one, blockSize) : 0

// --- Internal helpers ---

const sharedBlocks = ({ prompt: { head } }: Hashed, blockSize: number): number =>
  head === undefined ? 0 : Math.floor(head.length / blockSize)

interface Kept {
  hashes: readonly number[]
}

/** Most requests need one hash of their own: made with it, the array takes room for one, as `added` says. Of doubles, so not by that. */
const keep = (kept: Kept, hash: number): void => {
  if (kept.hashes.length === 0) kept.hashes = [hash]
  // Its own, since the first was kept.
  else (kept.hashes as number[]).push(hash)
}

/** Adds what is missing to the hashes that are kept, whose first is that of block `from` with this parent, up to `block`, and returns that one's. */
const chained = (
  request: Hashed,
  kept: Kept,
  from: number,
  parent: number,
  block: number,
  blockSize: number,
): number => {
  for (let next = from + kept.hashes.length; next <= block; next++) {
    keep(kept, hashBlock(request, next, blockSize, kept.hashes[next - from - 1] ?? parent))
  }
  return kept.hashes[block - from] ?? 0
}

// Two lanes of 32 bits: rotate, mix the token in, multiply; MurmurHash3's finish (public domain).
const hashBlock = (request: Hashed, block: number, blockSize: number, parent: number): number => {
  const array = arrayOf(request)
  let high = Math.floor(parent / LOW) | 0
  let low = (parent | 0) ^ 0x9747b28c
  for (let index = block * blockSize; index < (block + 1) * blockSize; index++) {
    const token = (array === null ? undefined : array[index]) ?? tokenAt(request, index)
    high = Math.imul(((high << 13) | (high >>> 19)) ^ token, 0xcc9e2d51)
    low = Math.imul(((low << 17) | (low >>> 15)) ^ token, 0x85ebca6b)
  }
  const hash = (finish(high) >>> 0) * LOW + (finish(low) >>> (32 - LOW_BITS))
  // 0 marks a block without a hash.
  return hash === 0 ? 1 : hash
}

const arrayOf = ({ prompt }: Hashed): Uint32Array | null => (prompt instanceof Uint32Array ? prompt : null)

const tokenAt = ({ prompt, outputSeed }: Hashed, index: number): number =>
  index < prompt.length ? (prompt.at(index) ?? 0) : outputToken(outputSeed, index - prompt.length)

const finish = (lane: number): number => {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
