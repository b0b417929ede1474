import { deriveSeed, seededRandom } from '../core/random.ts'
import type { Workload } from '../core/workload.ts'

/** One round of a virtual user: think, then ask for this. */
export interface Turn {
  /** Milliseconds. */
  think: number
  shared: string
  own: string
  maxTokens: number
}

/**
 * Words of three letters: with the space four bytes, and one token of the usual tokenizers. The text is built by
 * slicing, since a draw for every word would cost more in k6's interpreter than reading the answer.
 */
const WORDS = (
  'the and for are but not you all any can her was one our out day get has him his how man new now old see two way ' +
  'who boy did its let put say she too use dad mom act add age ago air arm art ask bad bag bar bed big bit box bus ' +
  'buy car cat cup'
).split(' ')
const FILLER = `${WORDS.join(' ')} `
const BYTES_PER_TOKEN = 4
const OPENING_WORDS = 8

/**
 * What user `vu` does in its round `iteration`: a function of the seed and these two alone. The own part opens with
 * words that no other turn has, so that only the shared part can be in the server's prefix cache.
 */
export const drawTurn = (workload: Workload, seed: number, vu: number, iteration: number): Turn => {
  const random = seededRandom(deriveSeed(seed, `vu-${vu}-${iteration}`))
  const between = ({ min, max }: { min: number; max: number }): number => min + random.next() * (max - min)
  const count = ({ min, max }: { min: number; max: number }): number => min + random.int(max - min + 1)
  // Users begin spread over the whole think time; they would move in step otherwise.
  const think = iteration === 0 ? random.next() * workload.thinkTime.max : between(workload.thinkTime)
  const promptTokens = count(workload.promptTokens)
  const maxTokens = count(workload.outputTokens)
  let opening = ''
  for (let word = 0; word < Math.min(OPENING_WORDS, promptTokens); word++)
    opening += `${WORDS[random.int(WORDS.length)]} `
  return {
    think,
    shared: filler(workload.sharedPromptTokens),
    own: opening + filler(promptTokens - Math.min(OPENING_WORDS, promptTokens)),
    maxTokens,
  }
}

// --- Internal helpers ---

const filler = (tokens: number): string =>
  FILLER.repeat(Math.ceil((tokens * BYTES_PER_TOKEN) / FILLER.length)).slice(0, tokens * BYTES_PER_TOKEN)
