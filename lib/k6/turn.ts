import { clampLength, drawLength } from '../core/draw-length.ts'
import { deriveSeed, type Random, seededRandom } from '../core/random.ts'
import type { Workload } from '../core/workload.ts'
import { type Corpus, join, type Opening, openingText, reopened, textOf } from './prompt/corpus.ts'
import { openingOf, poolOpening } from './prompt/opening.ts'
import { drawPrefix } from './prompt/prefix.ts'
import { joined, pressed, type PressedSizes, type Pressure } from './pressure.ts'

/**
 * What virtual users ask. How a script uses it:
 *
 *     setup:   corpus = fitCorpus(workload, (input) => client.tokenize({ model, ...input }))      // lib/k6/prompt/fit.ts
 *     closed:  turn = drawTurn(load, { vu, chat }, history)             // chat: 0, 1, 2 … of this user
 *     open:    turn = drawTurn(load, { arrival: arrival.index }, history, arrival)
 *     each:    sleep(turn.think / 1000); answer = client.chat(requestBody(turn, model), { cancel: turn.cancel, text: turn.wantsText })
 *     then:    history = carryOn(load, turn, answer.text)              // null: the chat is over; the next one begins
 *
 * Where something may press on the load meanwhile, drawSizes, the sleep, isSpent and makeTurn are one after the other.
 *
 * Everything is a function of the arguments alone, so a seed gives the same requests byte for byte; with the workload's
 * `history: 'answers'` they depend on the answers as well. No imports of k6: tests run this in Node.
 */
export interface Load {
  workload: Workload
  seed: number
  corpus: Corpus
}

/** A closed-loop user's n-th chat (a single request is a chat of one turn), or an arrival of the schedule. */
export type TurnKey = { vu: number; chat: number } | { arrival: number }

export interface Message {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** One request. */
export interface Turn {
  /** Milliseconds to wait first; 0 for an arrival's first turn, which the schedule times. */
  think: number
  /** Of a chat: all before, then the user's new message. */
  messages: Message[] | null
  /** Of a completion: text, or token ids. */
  prompt: string | number[] | null
  /** Tokens that the server should count; those of the template come on top where the corpus is `calibrated`. */
  promptTokens: number
  maxTokens: number
  /** When the user leaves; null: stays to the end. */
  cancel: { afterTokens: number } | { afterMs: number } | null
  /** The answer's text is needed for the next turn. */
  wantsText: boolean
  /** Steps of the timeline that made it other than it would have been. */
  traffic: string[]
  /** Those of them whose doing is in its messages. */
  kept: string[]
  key: TurnKey
  /** From 0. */
  index: number
}

/** What a chat carries from one turn to the next. */
export interface History {
  messages: Message[]
  /** Of these messages. */
  tokens: number
  /** Of the next turn. */
  index: number
  /** Steps whose doing is in the messages: the chat ends with the first of them that does (isSpent in pressure.ts). */
  kept: string[]
}

/** Token counts of a trace's row: of the whole prompt, and of the answer. They override what the workload draws. */
export interface TraceRow {
  promptTokens: number | null
  outputTokens: number | null
}

/** What is drawn of a turn: all but its text. */
export interface Sizes {
  /** Milliseconds to wait first. */
  think: number
  /** Tokens of the user's own. */
  own: number
  /** Of the whole prompt, where a trace says so. */
  whole: number | null
  maxTokens: number
  /** Which of the pool of prefixes; null but for the first turn of a workload that has one. */
  prefix: number | null
  cancel: Turn['cancel']
}

/** The draws of a key's turn number `index`, from 0. `random` has the seed of its name. */
export const drawSizes = (
  { workload, seed }: Pick<Load, 'workload' | 'seed'>,
  key: TurnKey,
  index: number,
  row: TraceRow | null,
  random = seededRandom(deriveSeed(seed, index === 0 ? nameOf(key) : turnName(key, index))),
): Sizes => {
  // The order of draws is part of what a seed means: a new one goes to the end.
  const think = drawThink(workload, key, index, random.next())
  const own = drawLength(workload.promptTokens, random)
  const drawnOutput = drawLength(workload.outputTokens, random)
  const maxTokens = row?.outputTokens == null ? drawnOutput : clampLength(workload.outputTokens, row.outputTokens)
  const prefix = index === 0 && workload.prefixes !== undefined ? drawPrefix(workload.prefixes, random) : null
  const cancel = drawCancel(workload, random)
  const whole = row?.promptTokens == null ? null : clampLength(workload.promptTokens, row.promptTokens)
  return { think, own, whole, maxTokens, prefix, cancel }
}

/** Turns of this key's chat; 1 where the workload has no chats of several. */
export const turnsOf = ({ workload, seed }: Pick<Load, 'workload' | 'seed'>, key: TurnKey): number =>
  workload.turns === undefined
    ? 1
    : drawLength(workload.turns.count, seededRandom(deriveSeed(seed, `${nameOf(key)}-turns`)))

/** The request of this key's next turn: the first where `history` is null. */
export const drawTurn = (load: Load, key: TurnKey, history: History | null = null, row: TraceRow | null = null): Turn =>
  makeTurn(load, key, history, drawSizes(load, key, history?.index ?? 0, row), [])

/** The same of sizes that are drawn already, under what presses on the load by now: its user has thought meanwhile. */
export const makeTurn = (
  load: Load,
  key: TurnKey,
  history: History | null,
  sizes: Sizes,
  pressures: readonly Pressure[],
): Turn => {
  const index = history?.index ?? 0
  const all = pressed(sizes, turnName(key, index), pressures)
  const { think, maxTokens, cancel } = all
  const before = history?.kept ?? []
  const steps = { traffic: joined(before, all.traffic), kept: joined(before, all.kept) }
  const asked =
    history === null ? firstPrompt(load, openingOf(load.seed, key), all) : nextPrompt(load, history, all.own)
  const wantsText = load.workload.turns?.history === 'answers'
  return { think, ...alone(load.corpus, asked, all, key, index), maxTokens, cancel, wantsText, ...steps, key, index }
}

/** The history for the chat's next turn; null after its last. Where no text came, scripted text stands in for the answer. */
export const carryOn = (load: Load, turn: Turn, answer: string | null): History | null => {
  const { turns } = load.workload
  if (turns === undefined || turn.messages === null) return null
  if (turn.index + 1 >= turnsOf(load, turn.key)) return null
  const real = turns.history === 'answers' && answer !== null && answer !== ''
  const content = real ? answer : textOf(load.corpus, turn.maxTokens)
  return {
    messages: [...turn.messages, { role: 'assistant', content }],
    tokens: turn.promptTokens + turn.maxTokens,
    index: turn.index + 1,
    kept: turn.kept,
  }
}

/** By which a turn is known among all of its load: what is drawn by lot of it is drawn from this. */
export const turnName = (key: TurnKey, index: number): string => `${nameOf(key)}-${index}`

/** The body of the request, but for what the client sets itself (streaming, usage). */
export const requestBody = ({ messages, prompt, maxTokens }: Turn, model: string): Record<string, unknown> => ({
  model,
  ...(messages === null ? { prompt } : { messages }),
  max_tokens: maxTokens,
  // The drawn length is the generated length, on every server.
  ignore_eos: true,
})

// --- Internal helpers ---

const nameOf = (key: TurnKey): string => ('vu' in key ? `vu-${key.vu}-${key.chat}` : `arrival-${key.arrival}`)

type Asked = Pick<Turn, 'messages' | 'prompt' | 'promptTokens'>

const between = ({ min, max }: { min: number; max: number }, share: number): number => min + share * (max - min)

const drawThink = ({ thinkTime, turns }: Workload, key: TurnKey, index: number, share: number): number => {
  if (index > 0 && turns !== undefined) return between(turns.thinkTime, share)
  if ('arrival' in key) return 0
  // Users begin spread over the whole think time; they would move in step otherwise.
  return key.chat === 0 ? share * thinkTime.max : between(thinkTime, share)
}

const drawCancel = ({ cancel }: Workload, random: Random): Turn['cancel'] => {
  if (cancel === undefined || random.next() >= cancel.share) return null
  if (cancel.afterTokens !== undefined) return { afterTokens: drawLength(cancel.afterTokens, random) }
  return cancel.afterTime === undefined ? null : { afterMs: between(cancel.afterTime, random.next()) }
}

interface Parts {
  own: number
  /** Tokens of the whole prompt, where a trace says so. */
  whole: number | null
  prefix: number | null
}

/** Shared tokens first, the same bytes for all; then the pool's; then the user's own, which open with what nobody else's do. */
const firstPrompt = ({ workload, corpus }: Load, opening: Opening, { own, whole, prefix }: Parts): Asked => {
  const { endpoint, prefixes, sharedPromptTokens } = workload
  const pooled = prefix === null ? 0 : (prefixes?.tokens ?? 0)
  const total = whole ?? sharedPromptTokens + pooled + own
  // A trace's prompt may be shorter than what is shared: one token stays the user's own.
  const common = Math.min(sharedPromptTokens, total - 1)
  const fromPool = Math.min(pooled, total - 1 - common)
  const front = join(corpus, textOf(corpus, common), textOf(corpus, fromPool, poolOpening(prefix)))
  const { base, system } = corpus.overhead
  const template = base + (endpoint === 'chat' && front !== '' ? system : 0)
  const ownTokens = Math.max(1, total - common - fromPool - template)
  const promptTokens = common + fromPool + ownTokens + template
  const text = textOf(corpus, ownTokens, opening)
  if (endpoint === 'completions') {
    const line = join(corpus, front, text)
    // Parsing is native code; a loop that builds the array would be none.
    const prompt = corpus.mode === 'ids' ? (JSON.parse(`[${line}]`) as number[]) : line
    return { messages: null, prompt, promptTokens }
  }
  const user: Message = { role: 'user', content: text }
  return { messages: front === '' ? [user] : [{ role: 'system', content: front }, user], prompt: null, promptTokens }
}

/** With a beginning of its own, where it is to have one: as long as it was, and no block of it in anybody's cache. */
const alone = (corpus: Corpus, asked: Asked, { uniqueSeed }: PressedSizes, key: TurnKey, index: number): Asked => {
  if (uniqueSeed === null) return asked
  const opening = [...openingOf(uniqueSeed, key), index]
  const { messages, prompt } = asked
  if (typeof prompt === 'string') return { ...asked, prompt: reopened(corpus, prompt, opening) }
  if (prompt !== null) {
    const ids = JSON.parse(`[${openingText(corpus, opening, prompt.length)}]`) as number[]
    return { ...asked, prompt: [...ids, ...prompt.slice(ids.length)] }
  }
  const [first, ...rest] = messages ?? []
  if (first === undefined) return asked
  return { ...asked, messages: [{ ...first, content: reopened(corpus, first.content, opening) }, ...rest] }
}

const nextPrompt = ({ corpus }: Load, { messages, tokens }: History, own: number): Asked => {
  const { pair } = corpus.overhead
  const ownTokens = Math.max(1, own - pair)
  const user: Message = { role: 'user', content: textOf(corpus, ownTokens) }
  return { messages: [...messages, user], prompt: null, promptTokens: tokens + ownTokens + pair }
}
