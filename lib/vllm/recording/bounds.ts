import { BOUNDS, CHANCE_PREEMPTIONS, type Gauge, HIT_TOKENS, NO_TOKENS, SATURATED_SHARE } from './bound-figures.ts'
import type { ReplayErrors } from './errors.ts'
import { mean } from './mean.ts'
import { counted, type Recording, type Scrape } from './recording.ts'

/** One error of a replay, and whether it is as small as it has to be. */
export interface JudgedError {
  name: keyof ReplayErrors
  /** In words, for tables. */
  what: string
  /** Of counts that the recording has none of: what is counted. */
  unit: 'requests' | 'share' | 'preemptions' | 'tokens'
  /** Of gauges the mean absolute error; of everything else signed, as a share of the recording's value. */
  value: number
  /** The largest |value| that holds. */
  bound: number
  /** The recording that named the bound; null where none has one for such a count. */
  boundOf: Reference | null
  /** |value| in shares of the bound. */
  ratio: number
  holds: boolean
  /** The bound made wider for a higher load, or for few preemptions: for information, `holds` knows nothing of it. */
  scaled: { bound: number; holds: boolean }
  /** What the recording counted; null where the error is of no count. */
  recorded: number | null
}

export type Reference = 'saturate' | 'climb' | 'prefix'

/**
 * Which error is small enough. The bounds are those of `saturate.json` for a recording in which requests mostly wait,
 * and those of `climb.json` for any other, as they are; what they would be in proportion to the recording's own load (a
 * mean error of 0.4 requests is little beside 8 running ones, and nothing beside 200) is told beside them. An error of
 * which nothing can be told is left out.
 */
export const judge = (recording: Recording, errors: ReplayErrors): JudgedError[] => {
  const like = likeOf(recording)
  const { gauges, preemptions, latency } = BOUNDS[like]
  const counts = { preemptions: counted(recording, 'preemptions'), hitTokens: counted(recording, 'prefixHits') }
  const gauge = (name: Gauge): Judgement => {
    const { bound, typical } = gauges[name]
    const scaled = bound * Math.max(1, meanOf(recording.scrapes, name) / typical)
    return { unit: name === 'kvCacheUsage' ? 'share' : 'requests', bound, boundOf: like, scaled, recorded: null }
  }
  const ofLatency: Judgement = { unit: 'share', bound: latency, boundOf: like, scaled: latency, recorded: null }
  const judgements: Record<keyof ReplayErrors, Judgement> = {
    running: gauge('running'),
    waiting: gauge('waiting'),
    kvCacheUsage: gauge('kvCacheUsage'),
    preemptions:
      counts.preemptions === 0
        ? none('preemptions', CHANCE_PREEMPTIONS)
        : {
            unit: 'share',
            bound: preemptions,
            boundOf: like,
            scaled: Math.max(preemptions, CHANCE_PREEMPTIONS / counts.preemptions),
            recorded: counts.preemptions,
          },
    hitTokens:
      counts.hitTokens === 0
        ? none('tokens', NO_TOKENS)
        : { unit: 'share', bound: HIT_TOKENS, boundOf: 'prefix', scaled: HIT_TOKENS, recorded: counts.hitTokens },
    ttftP50: ofLatency,
    ttftP95: ofLatency,
    e2eP50: ofLatency,
    e2eP95: ofLatency,
  }
  return ERRORS.flatMap((error) => {
    const value = errors[error.name]
    if (value === null) return []
    const { scaled, ...judgement } = judgements[error.name]
    return [held({ ...error, ...judgement, value, scaled: { bound: scaled } })]
  })
}

/** The same errors with all bounds so many times as wide: what a recording that no fit has seen is held to. */
export const loosen = (errors: readonly JudgedError[], times: number): JudgedError[] =>
  errors.map((error) => held({ ...error, bound: error.bound * times, scaled: { bound: error.scaled.bound * times } }))

/** Errors that `judge` left out. */
export const notJudged = (judged: readonly JudgedError[]): Pick<JudgedError, 'name' | 'what'>[] =>
  ERRORS.filter(({ name }) => judged.every((one) => one.name !== name))

/** The recording whose bounds it is held to. */
export const likeOf = (recording: Pick<Recording, 'scrapes'>): 'saturate' | 'climb' =>
  waitingShare(recording) >= SATURATED_SHARE ? 'saturate' : 'climb'

/** Of the scrapes, those in which a request waits. */
export const waitingShare = ({ scrapes }: Pick<Recording, 'scrapes'>): number =>
  scrapes.filter(({ waiting }) => waiting > 0).length / scrapes.length

// --- Internal helpers ---

type Judgement = Pick<JudgedError, 'unit' | 'bound' | 'boundOf' | 'recorded'> & { scaled: number }

const none = (unit: 'preemptions' | 'tokens', bound: number): Judgement => ({
  unit,
  bound,
  boundOf: null,
  scaled: bound,
  recorded: 0,
})

const held = (error: Omit<JudgedError, 'ratio' | 'holds' | 'scaled'> & { scaled: { bound: number } }): JudgedError => {
  const size = Math.abs(error.value)
  const { bound } = error.scaled
  return {
    ...error,
    ratio: size / error.bound,
    holds: size <= error.bound,
    scaled: { bound, holds: size <= bound },
  }
}

const ERRORS: readonly Pick<JudgedError, 'name' | 'what'>[] = [
  { name: 'running', what: 'running requests, mean error' },
  { name: 'waiting', what: 'waiting requests, mean error' },
  { name: 'kvCacheUsage', what: 'KV cache usage, mean error' },
  { name: 'preemptions', what: 'preemptions' },
  { name: 'hitTokens', what: 'prefix cache hit tokens' },
  { name: 'ttftP50', what: 'TTFT p50' },
  { name: 'ttftP95', what: 'TTFT p95' },
  { name: 'e2eP50', what: 'E2E p50' },
  { name: 'e2eP95', what: 'E2E p95' },
]

const meanOf = (scrapes: readonly Scrape[], name: Gauge): number => mean(scrapes.map((scrape) => scrape[name]))
