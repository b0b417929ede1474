import type { RequestRecord } from '../../core/run-folder.ts'
import { type OpenCall, WAY_MS } from '../gateway/gateway.ts'
import type { Asked } from './asker.ts'
import { contentsOf, type EndedRequest } from './ended-request.ts'
import { makeRecord } from './record.ts'

/** The requests of a run, in the order of their ends. */
export interface RequestLog {
  /** One that ends now, or in a moment: `ended` is in milliseconds since the epoch. */
  add(asked: Asked, ended: number, outcome: string, status: number, error: string | null): void
  records(): RequestRecord[]
}

/** So many rows at a time: what is there is never copied. */
const ROWS = 4_096
/** Numbers of a request. */
const WIDTH = 13

/**
 * Numbers in tables, without an object for each request: a run has tens of thousands, and all stay to its end. `detailed`: with
 * the gaps of each.
 */
export const createRequestLog = (runId: string, { detailed }: { detailed: boolean }): RequestLog => {
  const tables: Float64Array[] = []
  let last = new Float64Array()
  let rows = 0
  const words: Words[] = []
  const gaps: EndedRequest['gaps'][] = []

  const read = (row: number): EndedRequest => {
    const table = tables[Math.floor(row / ROWS)]
    const number = (column: number): number => table?.[(row % ROWS) * WIDTH + column] ?? Number.NaN
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
  const numberOf = (
    outcome: string,
    error: string | null,
    finishReason: string | null,
    replica: string | null,
    traffic: string | null,
  ): number => {
    for (let at = 0; at < words.length; at++) {
      const one = words[at]
      if (
        one?.replica === replica &&
        one.outcome === outcome &&
        one.error === error &&
        one.finishReason === finishReason &&
        one.traffic === traffic
      ) {
        return at
      }
    }
    return words.push({ outcome, error, finishReason, replica, traffic }) - 1
  }
  return {
    add: ({ by, call, started }, ended, outcome, status, error) => {
      const { arrival, extra } = by
      const { request } = call
      const outputTokens = request?.outputTokens ?? 0
      const contents = contentsOf(outcome, outputTokens)
      // Tokens reach the client a moment after the steps that made them; the last one of an answer ends the stream and carries no text.
      const firstAt = request === null || contents < 1 ? Number.NaN : request.firstTokenAt + WAY_MS
      const lastAt =
        request === null ? Number.NaN : (outcome === 'ok' ? request.previousTokenAt : request.lastTokenAt) + WAY_MS
      const row = rows++ % ROWS
      if (row === 0) tables.push((last = new Float64Array(ROWS * WIDTH)))
      const numbers = last
      let at = row * WIDTH
      numbers[at++] = by.vu
      numbers[at++] = by.iteration
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
      numbers[at] = numberOf(outcome, error, request?.finishReason ?? null, call.pod, by.traffic)
      if (detailed) gaps.push(contents > 1 ? gapsOf(call, lastAt - WAY_MS) : null)
    },
    records: () => Array.from({ length: rows }, (_, row) => makeRecord(runId, read(row))),
  }
}

// --- Internal helpers ---

type Words = Pick<EndedRequest, 'outcome' | 'error' | 'finishReason' | 'replica' | 'traffic'>

const NO_WORDS: Words = { outcome: '', error: null, finishReason: null, replica: null, traffic: null }

const gapsOf = ({ request, driver }: OpenCall, to: number): EndedRequest['gaps'] =>
  request === null || driver === null ? null : driver.steps.gaps(request.firstTokenAt, to)
