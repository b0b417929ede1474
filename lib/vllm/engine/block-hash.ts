import { outputToken } from '../text/words.ts'
import type { Tokens } from './types.ts'

/** What of a request its blocks' content follows from. */
export interface Hashed {
  readonly prompt: Tokens
  readonly outputSeed: number
  /** Chained hashes of the full blocks, as far as they have been needed. */
  readonly hashes: number[]
}

/** The parent of the first block. */
const ROOT = 1
const LOW_BITS = 20
const LOW = 2 ** LOW_BITS

/**
 * Fills `request.hashes` up to `count` full blocks. Each hash covers the block's tokens and all before them, as vLLM's
 * chained block hashes do; 52 bits in one number instead of sha256, so collisions are possible in principle and
 * negligible at the tens of thousands of blocks that a device holds.
 */
export const hashBlocks = (request: Hashed, count: number, blockSize: number): void => {
  const { hashes } = request
  for (let block = hashes.length; block < count; block++) {
    hashes.push(hashBlock(request, block, blockSize, hashes[block - 1] ?? ROOT))
  }
}

/** Whether both have the same tokens in this block. */
export const isSameBlock = (one: Hashed, other: Hashed, block: number, blockSize: number): boolean => {
  const ones = arrayOf(one)
  const others = arrayOf(other)
  for (let index = block * blockSize; index < (block + 1) * blockSize; index++) {
    const token = (ones === null ? undefined : ones[index]) ?? tokenAt(one, index)
    if (token !== ((others === null ? undefined : others[index]) ?? tokenAt(other, index))) return false
  }
  return true
}

// --- Internal helpers ---

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
