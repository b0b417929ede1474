import { seededRandom } from '../../core/random.ts'

/** Median and spread of a chat answer, near those of ShareGPT conversations (Kwon et al., SOSP'23, figure 11). */
const MEDIAN_TOKENS = 180
const SIGMA = 0.8

/** A seed that depends on every token of the prompt (FNV-1a over words). */
export const promptSeed = (prompt: Uint32Array, seed: number): number => {
  let hash = 0x811c9dc5 ^ seed
  for (const token of prompt) hash = Math.imul(hash ^ token, 0x01000193) ^ (hash >>> 15)
  return hash >>> 0
}

/** Tokens after which the emulated model ends by itself, end-of-sequence included: log-normal, the same for the same seed. */
export const naturalLength = (seed: number, minTokens: number): number => {
  const random = seededRandom(seed)
  // Box–Muller; 1 - next() is never zero.
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  return Math.max(Math.round(MEDIAN_TOKENS * Math.exp(SIGMA * normal)), minTokens + 1, 2)
}
