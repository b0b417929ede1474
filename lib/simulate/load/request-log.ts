import type { RequestRecord } from '../../core/run-folder.ts'
import { type CallEnd, type Served, WAY_MS } from '../gateway/gateway.ts'
import type { Asked } from './ask.ts'
import { contentsOf, type EndedRequest } from './ended-request.ts'
import { makeRecord } from './record.ts'

/** The requests of a run, in the order of their ends. */
export interface RequestLog {
  /** One that ends now, or in a moment: `ended` is in milliseconds since the epoch. */
  add(asked: Asked, ended: number, outcome: string, end: Omit<CallEnd, 'how'>): void
  records(): RequestRecord[]
}

const FIRST_ROWS = 4_096
/** Numbers of a request. */
const WIDTH = 13

/**
 * Numbers in one table, without an object for each request: a run has tens of thousands, and all stay to its end. `detailed`: with
 * the gaps of each.
 */
export const createRequestLog = (runId: string, { detailed }: { detailed: boolean }): RequestLog => {
  let numbers = new Float64Array(FIRST_ROWS * WIDTH)
  let rows = 0
  const words: Words[] = []
  const gaps: EndedRequest['gaps'][] = []

  const read = (row: number): EndedRequest => {
    const number = (column: number): number => numbers[row * WIDTH + column] ?? Number.NaN
    return {
      vu: number(0),
      iteration: number(1),
      arrival: number(2),
      intended: number(3),
      started: number(4),
      ended: number(5),
      firstAt: number(6),
      lastAt: number(7),
      promptTokens: number(8),
      outputTokens: number(9),
      status: number(10),
      gaps: gaps[row] ?? null,
      extra: number(11) === 1,
      ...(words[number(12)] ?? NO_WORDS),
    }
  }
  /** Most requests have the words of one that was before: there are hardly more of them than replicas and ways to end. */
  const numberOf = (own: Words): number => {
    for (let at = 0; at < words.length; at++) if (isSame(words[at] ?? NO_WORDS, own)) return at
    return words.push(own) - 1
  }
  return {
    add: ({ by, ask, started }, ended, outcome, { status, reason, served }) => {
      const { arrival, extra } = ask
      const request = served?.request ?? null
      const outputTokens = request?.outputTokens ?? 0
      const contents = contentsOf(outcome, outputTokens)
      // Tokens reach the client a moment after the steps that made them; the last one of an answer ends the stream and carries no text.
      const firstAt = request === null || contents < 1 ? Number.NaN : request.firstTokenAt + WAY_MS
      const lastAt =
        request === null ? Number.NaN : (outcome === 'ok' ? request.previousTokenAt : request.lastTokenAt) + WAY_MS
      let at = rows++ * WIDTH
      if (at === numbers.length) {
        const grown = new Float64Array(2 * at)
        grown.set(numbers)
        numbers = grown
      }
      numbers[at++] = by.vu
      numbers[at++] = ask.iteration
      numbers[at++] = extra || arrival === null ? Number.NaN : arrival.index
      numbers[at++] = arrival === null ? Number.NaN : arrival.at
      numbers[at++] = started
      numbers[at++] = ended
      numbers[at++] = firstAt
      numbers[at++] = lastAt
      numbers[at++] = request === null ? Number.NaN : request.prompt.length
      numbers[at++] = outputTokens
      numbers[at++] = status
      numbers[at++] = extra ? 1 : 0
      numbers[at] = numberOf({
        outcome,
        error: reason,
        finishReason: request?.finishReason ?? null,
        replica: served?.pod ?? null,
        traffic: ask.traffic,
      })
      if (detailed) gaps.push(contents > 1 ? gapsOf(served, lastAt - WAY_MS) : null)
    },
    records: () => Array.from({ length: rows }, (_, row) => makeRecord(runId, read(row))),
  }
}

// --- Internal helpers ---

type Words = Pick<EndedRequest, 'outcome' | 'error' | 'finishReason' | 'replica' | 'traffic'>

const NO_WORDS: Words = { outcome: '', error: null, finishReason: null, replica: null, traffic: null }

const isSame = (one: Words, other: Words): boolean =>
  one.outcome === other.outcome &&
  one.replica === other.replica &&
  one.error === other.error &&
  one.finishReason === other.finishReason &&
  one.traffic === other.traffic

const gapsOf = (served: Served | null, to: number): EndedRequest['gaps'] =>
  served === null ? null : served.driver.steps.gaps(served.request.firstTokenAt, to)
