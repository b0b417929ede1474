import type { Random } from '../../core/random.ts'

/** Kubernetes' own alphabet for random parts of names: no vowels, no digits that look like letters. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX = 5

export const newPodName = (owner: string, random: Random): string => `${owner}-${letters(random, SUFFIX)}`

/** In the form of a UUID, version 4. */
export const newUid = (random: Random): string => {
  const hex = (digits: number): string =>
    random
      .int(16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${(8 + random.int(4)).toString(16)}${hex(3)}-${hex(6)}${hex(6)}`
}

// --- Internal helpers ---

const letters = (random: Random, count: number): string =>
  Array.from({ length: count }, () => ALPHABET[random.int(ALPHABET.length)]).join('')
