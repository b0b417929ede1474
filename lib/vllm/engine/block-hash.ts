import { outputToken } from '../text/words.ts'
import type { EngineRequest } from './types.ts'

/** The parent of the first block. */
const ROOT = 1
const LOW_BITS = 20
const LOW = 2 ** LOW_BITS

/**
 * Fills `request.hashes` up to `count` full blocks. Each hash covers the block's tokens and all before them, as vLLM's
 * chained block hashes do; 52 bits in one number instead of sha256, so collisions are possible in principle and
 * negligible at the tens of thousands of blocks that a device holds.
 */
export const hashBlocks = (request: EngineRequest, count: number, blockSize: number): void => {
  const { hashes } = request
  for (let block = hashes.length; block < count; block++) {
    hashes.push(hashBlock(request, block, blockSize, hashes[block - 1] ?? ROOT))
  }
}

// --- Internal helpers ---

// MurmurHash3's mixing (public domain), two lanes of 32 bits with different seeds.
const hashBlock = ({ prompt, outputSeed }: EngineRequest, block: number, blockSize: number, parent: number): number => {
  let high = Math.floor(parent / LOW) | 0
  let low = ((parent % LOW) | 0) ^ 0x9747b28c
  const end = (block + 1) * blockSize
  for (let index = block * blockSize; index < end; index++) {
    const token = index < prompt.length ? (prompt[index] ?? 0) : outputToken(outputSeed, index - prompt.length)
    let mixed = Math.imul(token, 0xcc9e2d51)
    mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
    high ^= mixed
    high = (Math.imul((high << 13) | (high >>> 19), 5) + 0xe6546b64) | 0
    low ^= Math.imul(mixed, 0x85ebca6b)
    low = (Math.imul((low << 11) | (low >>> 21), 9) + 0x561ccd1b) | 0
  }
  return (finish(high) >>> 0) * LOW + (finish(low) >>> (32 - LOW_BITS))
}

const finish = (lane: number): number => {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
