import type { Workload } from '../../core/workload.ts'

/**
 * What prompts are made of on one server. Plain and small data: k6's setup() makes it once (`fitCorpus`) and every virtual
 * user gets a copy. No imports of k6 here, nor of zod.
 */
export interface Corpus {
  mode: 'server' | 'ids' | 'calibrated'
  /** The server's own count of samples was as asked. Token ids are exact by nature. */
  exact: boolean
  /** How lengths come about, for the plan and the report; why not exactly, where that is so. */
  note: string
  /** Words of `width` bytes with the space behind each: `the and for …`. */
  ring: string
  width: number
  /** Instead of words, for token ids. */
  ids: number[] | null
  /** 1 but where the server's tokenizer splits words; then lengths are right on average. */
  tokensPerWord: number
  /** Tokens of the chat template, taken from the user's own part. All zero where they come on top. */
  overhead: {
    /** Of a prompt of one user turn, the answer's header included; for completions the begin-of-sequence token. */
    base: number
    /** A system turn adds. */
    system: number
    /** A pair of an assistant's and a user's turn adds. */
    pair: number
  }
}

/** Words of three letters: with the space four bytes, and one token of the usual tokenizers. */
export const THREE_LETTERS = (
  'the and for are but not you all any can her was one our out day get has him his how man new now old see two way ' +
  'who boy did its let put say she too use dad mom act add age ago air arm art ask bad bag bar bed big bit box bus ' +
  'buy car cat cup'
).split(' ')

/** For tokenizers of a thousand entries, which do not know words. */
export const ONE_LETTER = [...'abcdefghijklmnopqrstuvwxyz']

const NO_OVERHEAD = { base: 0, system: 0, pair: 0 }

/** Words of one length as a ring to cut texts from. */
export const ringOf = (words: readonly string[]): Pick<Corpus, 'ring' | 'width'> => {
  const ring = `${words.join(' ')} `
  return { ring, width: ring.length / words.length }
}

/** Nobody was asked: a word is taken for a token, the template comes on top. */
export const calibratedCorpus = (note = 'one token a word, by calibration on usual tokenizers'): Corpus => ({
  mode: 'calibrated',
  exact: false,
  note,
  ...ringOf(THREE_LETTERS),
  ids: null,
  tokensPerWord: 1,
  overhead: NO_OVERHEAD,
})

/** Below are bytes and control tokens in most vocabularies; above, small models have none. */
const FIRST_ID = 1_000
const LAST_ID = 9_999
const ID_COUNT = 64

/** Ids that practically every model's vocabulary has. */
export const idCorpus = (ids?: number[]): Corpus => ({
  ...calibratedCorpus('token ids'),
  mode: 'ids',
  exact: true,
  ids:
    ids ??
    Array.from({ length: ID_COUNT }, (_, index) =>
      Math.floor(FIRST_ID + (index * (LAST_ID - FIRST_ID)) / (ID_COUNT - 1)),
    ),
})

/** What there is without asking a server. */
export const corpusWithoutServer = ({ endpoint, promptTokenizer }: Workload): Corpus =>
  promptTokenizer === 'ids' || (promptTokenizer === 'auto' && endpoint === 'completions')
    ? idCorpus()
    : calibratedCorpus()

/** A key that no other text of the run opens with. */
export type Opening = readonly [high: number, low: number]

/**
 * `tokens` tokens of text, without a space at either end (chat templates trim them). Built by slicing: a loop over words
 * would cost more in k6's interpreter than reading the answer. With an opening, the first dozen words spell it.
 */
export const textOf = ({ ring, width, tokensPerWord }: Corpus, tokens: number, opening?: Opening): string => {
  const count = tokens <= 0 ? 0 : Math.max(1, Math.round(tokens / tokensPerWord))
  if (count === 0) return ''
  const spelled = opening === undefined ? [] : spell(opening, ring.length / width, count)
  let text = ''
  for (const digit of spelled) text += ring.slice(digit * width, (digit + 1) * width)
  const rest = (count - spelled.length) * width
  if (rest > 0) text += ring.repeat(Math.ceil(rest / ring.length)).slice(0, rest)
  return text.slice(0, -1)
}

/** The same in token ids. */
export const idsOf = (ids: readonly number[], tokens: number, opening?: Opening): Uint32Array => {
  const made = new Uint32Array(Math.max(0, tokens))
  const spelled = opening === undefined ? [] : spell(opening, ids.length, tokens)
  let at = 0
  for (const digit of spelled) made[at++] = ids[digit] ?? 0
  const start = at
  for (const id of ids) if (at < made.length) made[at++] = id
  // Doubling: as many native copies as the length has binary digits.
  while (at < made.length) {
    made.copyWithin(at, start, Math.min(at, start + made.length - at))
    at += at - start
  }
  return made
}

// --- Internal helpers ---

/** Both halves in base `base`, lowest digits first, at most `most` of them: distinct keys have distinct openings. */
const spell = ([high, low]: Opening, base: number, most: number): number[] => {
  const digits: number[] = []
  const perHalf = Math.ceil(32 / Math.log2(base))
  for (const half of [high, low]) {
    let rest = half >>> 0
    for (let digit = 0; digit < perHalf && digits.length < most; digit++) {
      digits.push(rest % base)
      rest = Math.floor(rest / base)
    }
  }
  return digits
}
