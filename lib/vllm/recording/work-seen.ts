import { CROWD, QUEUE } from '../hardware/step-cost.ts'
import type { RecordedRequest, Recording } from './recording.ts'

/** How often each coefficient of a step counted. */
export interface Work {
  steps: number
  prefillTokens: number
  pairs: number
  decoded: number
  context: number
  crowd: number
  waited: number
}

/** What an engine had done by a moment, and does from then on. */
export interface Moment extends Work {
  atMs: number
  /** Sequences, and the tokens of their context. */
  decoding: number
  contextTokens: number
  /** 0 where nothing decodes. */
  stepMs: number
}

/** A prompt as the prefill of its request had it. */
export interface Prompt {
  /** Not from the prefix cache. */
  tokens: number
  pairs: number
}

/**
 * What an engine did, as far as its recording tells without a model: everyone who decodes gets a token from each step, so
 * that the tokens count the steps, and a prompt is computed just before its first token. Preempted requests blur that.
 */
export const workSeen = (recording: Recording): Moment[] => {
  const done: Work = { steps: 0, prefillTokens: 0, pairs: 0, decoded: 0, context: 0, crowd: 0, waited: 0 }
  let [decoding, tokensPerMs, context, waiting] = [0, 0, 0, 0]
  let now = 0
  const turn = (one: RecordedRequest, sign: 1 | -1): void => {
    const rate = (one.outputTokens - 1) / Math.max(SHORTEST_MS, one.endMs - one.firstTokenMs)
    decoding += sign
    tokensPerMs += sign * rate
    context += sign * (one.promptTokens + 1 + rate * (now - one.firstTokenMs))
  }
  const events = recording.scrapes.map((scrape) => ({
    atMs: scrape.atMs,
    happens: (): void => {
      waiting = Math.min(QUEUE, scrape.waiting)
    },
  }))
  for (const one of recording.requests) {
    const { tokens, pairs } = promptOf(one, recording)
    const begin = (): void => {
      done.prefillTokens += tokens
      done.pairs += pairs
      if (one.outputTokens > 1) turn(one, 1)
    }
    events.push({ atMs: one.firstTokenMs, happens: begin })
    if (one.outputTokens > 1)
      events.push({ atMs: Math.max(one.endMs, one.firstTokenMs + SHORTEST_MS), happens: () => turn(one, -1) })
  }
  return events
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ atMs, happens }) => {
      if (decoding > 0) {
        const steps = ((atMs - now) * tokensPerMs) / decoding
        const added = (atMs - now) * tokensPerMs
        done.steps += steps
        done.decoded += steps * decoding
        done.context += steps * (context + added / 2)
        done.crowd += steps * Math.max(0, decoding - CROWD)
        done.waited += steps * waiting
        context += added
      }
      now = atMs
      happens()
      return { ...done, atMs, decoding, contextTokens: context, stepMs: decoding > 0 ? decoding / tokensPerMs : 0 }
    })
}

/** What the engine did after the first and until the second moment. */
export const workBetween = (moments: readonly Moment[], fromMs: number, toMs: number): Work => {
  const [from, to] = [lastBefore(moments, fromMs), lastBefore(moments, toMs)]
  const rise = (name: keyof Work): number => (to?.[name] ?? 0) - (from?.[name] ?? 0)
  return {
    steps: rise('steps'),
    prefillTokens: rise('prefillTokens'),
    pairs: rise('pairs'),
    decoded: rise('decoded'),
    context: rise('context'),
    crowd: rise('crowd'),
    waited: rise('waited'),
  }
}

export const lastBefore = (moments: readonly Moment[], ms: number): Moment | undefined =>
  moments.findLast(({ atMs }) => atMs <= ms)

/** The first request with the shared prefix computes it; the others find its full blocks. */
export const promptOf = (one: RecordedRequest, { config, sharedPrefixTokens, requests }: Recording): Prompt => {
  const first = requests.find(({ index }) => index % 3 !== 0)
  const shared = config.enablePrefixCaching && one.index % 3 !== 0 && one !== first ? sharedPrefixTokens : 0
  const cached = Math.floor(Math.min(shared, one.promptTokens - 1) / config.blockSize) * config.blockSize
  const tokens = one.promptTokens - cached
  return { tokens, pairs: (tokens * (cached + 1 + one.promptTokens)) / 2 }
}

// --- Internal helpers ---

/** Of an answer that came all at once. */
const SHORTEST_MS = 1e-3
