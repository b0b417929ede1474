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
  /** Words of `width` bytes with the gap behind each: `the and for …`; token ids as JSON writes them. */
  ring: string
  width: number
  gap: ' ' | ','
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
export const ringOf = (words: readonly string[], gap: Corpus['gap'] = ' '): Pick<Corpus, 'ring' | 'width' | 'gap'> => {
  const ring = words.join(gap) + gap
  return { ring, width: ring.length / words.length, gap }
}

/** Nobody was asked: a word is taken for a token, the template comes on top. */
export const calibratedCorpus = (note = 'one token a word, by calibration on usual tokenizers'): Corpus => ({
  mode: 'calibrated',
  exact: false,
  note,
  ...ringOf(THREE_LETTERS),
  tokensPerWord: 1,
  overhead: NO_OVERHEAD,
})

/** Below are bytes and control tokens in most vocabularies; above, small models have none. */
const FIRST_ID = 1_000
const LAST_ID = 9_999
const ID_COUNT = 64
const USUAL_IDS = Array.from({ length: ID_COUNT }, (_, index) =>
  Math.floor(FIRST_ID + (index * (LAST_ID - FIRST_ID)) / (ID_COUNT - 1)),
)

/** Ids that practically every model's vocabulary has, unless it is told others. */
export const idCorpus = (ids: readonly number[] = USUAL_IDS): Corpus => {
  const digits = Math.max(...ids.map((id) => String(id).length))
  return {
    ...calibratedCorpus('token ids'),
    mode: 'ids',
    exact: true,
    ...ringOf(
      ids.map((id) => String(id).padStart(digits)),
      ',',
    ),
  }
}

/** What there is without asking a server. */
export const corpusWithoutServer = ({ endpoint, promptTokenizer }: Workload): Corpus =>
  promptTokenizer === 'ids' || (promptTokenizer === 'auto' && endpoint === 'completions')
    ? idCorpus()
    : calibratedCorpus()

/** A key that no other text of the run opens with: one or two numbers of 32 bits. */
export type Opening = readonly number[]

/**
 * `tokens` tokens of text, without a gap at either end (chat templates trim them). Built by slicing: a loop over words
 * would cost more in k6's interpreter than reading the answer. With an opening, the first words spell it.
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

/** The words that spell an opening, at most so many. */
export const openingText = ({ ring, width }: Corpus, opening: Opening, most: number): string => {
  let text = ''
  for (const digit of spell(opening, ring.length / width, most)) text += ring.slice(digit * width, (digit + 1) * width)
  return text.slice(0, -1)
}

/** A text as long as it was, whose first words spell an opening. */
export const reopened = (corpus: Corpus, text: string, opening: Opening): string => {
  const words = openingText(corpus, opening, Math.floor((text.length + 1) / corpus.width))
  return words + text.slice(words.length)
}

/** Two such texts behind one another. */
export const join = ({ gap }: Corpus, front: string, text: string): string =>
  front === '' || text === '' ? front + text : front + gap + text

// --- Internal helpers ---

/** Each number in base `base`, lowest digit first, at most `most` digits in all: distinct keys have distinct openings. */
const spell = (opening: Opening, base: number, most: number): number[] => {
  const digits: number[] = []
  const each = Math.ceil(32 / Math.log2(base))
  for (const number of opening) {
    let rest = number
    for (let at = 0; at < each && digits.length < most; at++) {
      const digit = rest % base
      digits.push(digit)
      rest = (rest - digit) / base
    }
  }
  return digits
}
