/**
 * The emulated vocabulary: every token is four ASCII bytes of pronounceable filler, and its id is those bytes read
 * as a little-endian number. So text that went out and comes back in the next prompt has the same ids.
 */
const CONSONANTS = 'bdfgklmnprstvz'
const VOWELS = 'aeiou'
/** Marks the end of a turn; has no text. */
export const END_OF_TURN = 0x0a7c3e7c

/** The text of output token `index`. */
export const outputText = (seed: number, index: number): string => WORDS[choose(seed, index)] ?? ''

/** The id of output token `index`. */
export const outputToken = (seed: number, index: number): number => IDS[choose(seed, index)] ?? 0

// --- Internal helpers ---

const words = (): string[] => {
  const starts: string[] = []
  const tails: string[] = []
  for (const first of CONSONANTS) {
    for (const vowel of VOWELS) {
      for (const last of CONSONANTS) starts.push(` ${first}${vowel}${last}`)
      for (const second of CONSONANTS.slice(0, 4)) {
        for (const end of VOWELS) tails.push(`${vowel}${first}${end}${second}`)
      }
    }
  }
  // Two word beginnings for each continuation: words of one or two syllables and a half.
  const spread = <T>(list: T[], count: number): T[] =>
    Array.from({ length: count }, (_, index) => list[Math.floor((index * list.length) / count)]).filter(
      (item) => item !== undefined,
    )
  return [...spread(starts, 680), ...spread(tails, 344)]
}

const WORDS = words()
const IDS = Uint32Array.from(WORDS, (word) => new DataView(new TextEncoder().encode(word).buffer).getUint32(0, true))

const choose = (seed: number, index: number): number => {
  let mixed = Math.imul(seed ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) % WORDS.length
}
