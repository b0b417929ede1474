import type { Workload } from '../../core/workload.ts'
import { carryOn, drawTurn, type History, type Message, type Turn } from '../turn.ts'
import {
  calibratedCorpus,
  type Corpus,
  corpusWithoutServer,
  idCorpus,
  ONE_LETTER,
  ringOf,
  THREE_LETTERS,
} from './corpus.ts'

/** vLLM's POST /tokenize: the token ids; null where the server has none. May throw where it cannot be asked. */
export type Tokenize = (input: { prompt: string } | { messages: Message[] }) => number[] | null

/**
 * Makes prompts fit the server's tokenizer, once, before the load: finds words that are one token each and what the chat
 * template adds, then has sample prompts counted. After that a prompt of n tokens is a slice of text, and no request needs
 * the tokenizer. A server that cannot be asked is no reason to stop: the note says how lengths come about then.
 */
export const fitCorpus = (workload: Workload, tokenize: Tokenize): Corpus => {
  const { endpoint, promptTokenizer } = workload
  const unasked = corpusWithoutServer(workload)
  if (promptTokenizer === 'calibrated') return unasked
  try {
    const first = tokenize({ prompt: 'the' })
    if (first === null) return withNote(unasked, 'the server has no /tokenize')
    if (promptTokenizer === 'ids') return idCorpus(wordIds(tokenize) ?? undefined)
    const count = counter(tokenize)
    const ask = (text: string): number =>
      count(endpoint === 'chat' ? { messages: [{ role: 'user', content: text }] } : { prompt: text })
    const words = singleTokens(THREE_LETTERS, ask) ?? singleTokens(ONE_LETTER, ask)
    if (words === null) return stretched(workload, count, ask)
    const corpus: Corpus = {
      ...calibratedCorpus('words of one token each; the server counted samples as asked'),
      mode: 'server',
      exact: true,
      ...ringOf(words),
      overhead: overheadOf(workload, count, words[0] ?? 'the', 1),
    }
    return samples(workload, corpus).every((turn) => count(inputOf(turn)) === turn.promptTokens)
      ? corpus
      : stretched(workload, count, ask)
  } catch (error) {
    return withNote(unasked, `/tokenize could not be asked: ${String(error)}`)
  }
}

// --- Internal helpers ---

type Count = (input: Parameters<Tokenize>[0]) => number

/** Prompts open with keys spelled in words: with fewer, the openings get long. */
const LEAST_WORDS = 8
const SAMPLE_TOKENS = [64, 333, 1_500]
const STRETCH_WORDS = 400

const withNote = (corpus: Corpus, why: string): Corpus => ({ ...corpus, note: `${corpus.note} (${why})` })

const counter =
  (tokenize: Tokenize): Count =>
  (input) => {
    const tokens = tokenize(input)
    if (tokens === null) throw new Error('the server had /tokenize, and has none now')
    return tokens.length
  }

/** Those that are one token at a text's start and behind a space; null where they are too few. */
const singleTokens = (candidates: readonly string[], ask: (text: string) => number): string[] | null => {
  const counts = candidates.map((word) => ask(word))
  const least = Math.min(...counts)
  const first = candidates.filter((_, index) => counts[index] === least)
  const starter = first[0]
  if (starter === undefined) return null
  const behindSpace = (group: string[]): string[] => {
    if (group.length === 0 || ask([starter, ...group].join(' ')) === least + group.length) return group
    if (group.length === 1) return []
    const half = group.length >> 1
    return [...behindSpace(group.slice(0, half)), ...behindSpace(group.slice(half))]
  }
  const words = behindSpace(first)
  return words.length < LEAST_WORDS ? null : words
}

/** What is counted beyond the words, `each` tokens a word. */
const overheadOf = ({ endpoint }: Workload, count: Count, word: string, each: number): Corpus['overhead'] => {
  if (endpoint === 'completions') return { base: Math.round(count({ prompt: word }) - each), system: 0, pair: 0 }
  const chat = (...roles: Message['role'][]): number =>
    Math.round(count({ messages: roles.map((role) => ({ role, content: word })) }) - roles.length * each)
  const base = chat('user')
  return { base, system: chat('system', 'user') - base, pair: chat('user', 'assistant', 'user') - base }
}

/** Turns as the load will ask them, of several lengths; of a chat of several turns, the first three. */
const samples = (workload: Workload, corpus: Corpus): Turn[] =>
  SAMPLE_TOKENS.flatMap((promptTokens, arrival) => {
    const scripted: Workload = {
      ...workload,
      ...(workload.turns === undefined
        ? {}
        : { turns: { ...workload.turns, count: { fixed: 3 }, history: 'scripted' as const } }),
    }
    const load = { workload: scripted, seed: 1, corpus }
    const turns: Turn[] = []
    let history: History | null = null
    do {
      const turn: Turn = drawTurn(load, { arrival }, history, { promptTokens, outputTokens: 50 })
      turns.push(turn)
      history = carryOn(load, turn, null)
    } while (history !== null)
    return turns
  })

const inputOf = ({ messages, prompt }: Turn): Parameters<Tokenize>[0] =>
  messages === null ? { prompt: String(prompt) } : { messages }

/** The tokenizer splits words, or joins them: right on average, by its own count of a long text. */
const stretched = (workload: Workload, count: Count, ask: (text: string) => number): Corpus => {
  const usual = calibratedCorpus()
  const { ring } = usual
  const long = ring.repeat(Math.ceil((STRETCH_WORDS * 4) / ring.length)).slice(0, STRETCH_WORDS * 4 - 1)
  const tokensPerWord = (ask(long) - ask('the')) / (STRETCH_WORDS - 1)
  return {
    ...usual,
    mode: 'server',
    note: `its tokenizer makes ${tokensPerWord.toFixed(2)} tokens of a word: lengths are right on average, not exactly`,
    tokensPerWord,
    overhead: overheadOf(workload, count, 'the', tokensPerWord),
  }
}

/** Ids that are in this server's vocabulary for sure: a tiny model has less than the usual range. */
const wordIds = (tokenize: Tokenize): number[] | null => {
  const ids = [...new Set(tokenize({ prompt: THREE_LETTERS.join(' ') }) ?? [])]
  // The begin-of-sequence token, where there is one, is the same in front of anything.
  const front = new Set(tokenize({ prompt: '' }) ?? [])
  const usable = ids.filter((id) => !front.has(id))
  return usable.length < LEAST_WORDS ? null : usable
}
