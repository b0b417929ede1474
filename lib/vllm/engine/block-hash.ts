import { outputToken } from '../text/words.ts'
import type { Tokens } from './types.ts'

/** What of a request its blocks' content follows from. */
export interface Hashed {
  readonly prompt: Tokens
  readonly outputSeed: number
  /** Chained hashes of the full blocks behind those of the prompt's head, as far as they have been needed. */
  hashes: readonly number[]
}

/** The beginning of many prompts: its blocks are hashed once (for one block size at a time), and nobody compares them. */
export class SharedHead {
  /** Tokens. */
  readonly length: number
  /** Hashes of its full blocks, as far as they have been needed, for blocks of this size. */
  hashes: readonly number[] = []
  #blockSize = 0
  #blocks = 0

  constructor(length: number) {
    this.length = length
  }

  /** How many blocks of this size it fills; hashes of others are forgotten. */
  blocksOf(blockSize: number): number {
    if (blockSize !== this.#blockSize) {
      this.hashes = []
      this.#blockSize = blockSize
      this.#blocks = Math.floor(this.length / blockSize)
    }
    return this.#blocks
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
  const shared = head === undefined ? 0 : head.blocksOf(blockSize)
  const isShared = head !== undefined && block < shared
  const kept = isShared ? head : request
  const from = isShared ? 0 : shared
  if (block - from >= kept.hashes.length) complete(request, kept, from, block, blockSize)
  // Read in any case: what is either read or computed is an object each time, as numbers of 52 bits go.
  return kept.hashes[block - from] ?? 0
}

/** Blocks that both begin with and that nobody has to compare. */
export const sameHeadBlocks = ({ prompt: { head } }: Hashed, other: Hashed, blockSize: number): number =>
  head !== undefined && head === other.prompt.head ? head.blocksOf(blockSize) : 0

// --- Internal helpers ---

interface Kept {
  hashes: readonly number[]
}

/** Most requests need one hash of their own: made with it, the array takes room for one, as `added` says. Of doubles, so not by that. */
const keep = (kept: Kept, hash: number): void => {
  if (kept.hashes.length === 0) kept.hashes = [hash]
  // Its own, since the first was kept.
  else (kept.hashes as number[]).push(hash)
}

/** Adds what is missing to the hashes that are kept, whose first is that of block `from`, up to that of `block`. */
const complete = (request: Hashed, kept: Kept, from: number, block: number, blockSize: number): void => {
  let hash = kept.hashes.at(-1) ?? (from === 0 ? ROOT : hashAt(request, from - 1, blockSize))
  for (let next = from + kept.hashes.length; next <= block; next++) {
    hash = hashBlock(request, next, blockSize, hash)
    keep(kept, hash)
  }
}

// Two lanes of 32 bits: rotate, mix the token in, multiply; MurmurHash3's finish (public domain).
const hashBlock = (request: Hashed, block: number, blockSize: number, parent: number): number => {
  const tokens = read(request, block * blockSize, blockSize)
  let high = Math.floor(parent / LOW) | 0
  let low = (parent | 0) ^ 0x9747b28c
  for (let at = 0; at < blockSize; at++) {
    const token = tokens[at] ?? 0
    high = Math.imul(((high << 13) | (high >>> 19)) ^ token, 0xcc9e2d51)
    low = Math.imul(((low << 17) | (low >>> 15)) ^ token, 0x85ebca6b)
  }
  return (finish(high) >>> 0) * LOW + (finish(low) >>> (32 - LOW_BITS))
}

/** The tokens of one block, until the next is read: a list of them for each would be garbage at once. */
let atHand = new Uint32Array(0)

/** From the prompt at once where it can: to ask it for each token costs many times what the hash does. */
const read = ({ prompt, outputSeed }: Hashed, from: number, count: number): Uint32Array => {
  if (atHand.length !== count) atHand = new Uint32Array(count)
  const tokens = atHand
  const { length } = prompt
  const own = Math.max(0, Math.min(count, length - from))
  if (prompt instanceof Uint32Array) for (let at = 0; at < own; at++) tokens[at] = prompt[from + at] ?? 0
  else if (prompt.copyTo !== undefined) prompt.copyTo(tokens, from, own)
  else for (let at = 0; at < own; at++) tokens[at] = prompt.at(from + at) ?? 0
  for (let at = own; at < count; at++) tokens[at] = outputToken(outputSeed, from + at - length)
  return tokens
}

const finish = (lane: number): number => {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
