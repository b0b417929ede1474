import type { TurnKey } from '../turn.ts'
import type { Opening } from './corpus.ts'

/** Pooled prefixes are told apart by their first words. */
export const poolOpening = (prefix: number | null): Opening => [mix((prefix ?? 0) + 1)]

/**
 * Distinct keys have distinct openings (both ways are one-to-one for a seed), which differ from the first word on but for
 * one in as many as there are words. An arrival's is half as long: its number has 32 bits.
 */
export const openingOf = (seed: number, key: TurnKey): Opening => {
  if ('arrival' in key) return [mix(key.arrival + Math.imul(seed, 0x9e3779b1))]
  let left = key.vu
  let right = key.chat
  // A Feistel network.
  for (let round = 0; round < 3; round++) {
    const next = (left ^ mix(right + Math.imul(seed, 0x9e3779b1) + round)) >>> 0
    left = right
    right = next
  }
  return [right, left]
}

// --- Internal helpers ---

/** murmur3's finalizer. */
const mix = (value: number): number => {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
