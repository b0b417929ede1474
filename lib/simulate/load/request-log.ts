import type { RequestRecord } from '../../core/run-folder.ts'
import { WAY_MS } from '../gateway/gateway.ts'
import { contentsOf, type EndedRequest, type Ending } from './ended-request.ts'
import { makeRecord } from './record.ts'

/** The requests of a run, in the order of their ends. */
export interface RequestLog {
  add(ending: Ending): void
  records(): RequestRecord[]
}

const FIRST_ROWS = 4_096
/** Numbers of a request. */
const WIDTH = 12

/** Numbers in one table, without an object for each request: a run has tens of thousands, and all stay to its end. */
export const createRequestLog = (runId: string): RequestLog => {
  let numbers = new Float64Array(FIRST_ROWS * WIDTH)
  const outcomes: string[] = []
  const errors: (string | null)[] = []
  const finishReasons: (string | null)[] = []
  const replicas: (string | null)[] = []
  const gaps: EndedRequest['gaps'][] = []
  const traffic: (string | null)[] = []

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
      outcome: outcomes[row] ?? '',
      error: errors[row] ?? null,
      finishReason: finishReasons[row] ?? null,
      replica: replicas[row] ?? null,
      gaps: gaps[row] ?? null,
      traffic: traffic[row] ?? null,
      extra: number(11) === 1,
    }
  }
  return {
    add: (ending) => {
      const { arrival, extra, outcome, served } = ending
      const request = served?.request ?? null
      const outputTokens = request?.outputTokens ?? 0
      const contents = contentsOf(outcome, outputTokens)
      // Tokens reach the client a moment after the steps that made them; the last one of an answer ends the stream and carries no text.
      const firstAt = request === null || contents < 1 ? Number.NaN : request.firstTokenAt + WAY_MS
      const lastAt =
        request === null ? Number.NaN : (outcome === 'ok' ? request.previousTokenAt : request.lastTokenAt) + WAY_MS
      let at = outcomes.length * WIDTH
      if (at === numbers.length) {
        const grown = new Float64Array(2 * at)
        grown.set(numbers)
        numbers = grown
      }
      numbers[at++] = ending.vu
      numbers[at++] = ending.iteration
      numbers[at++] = extra || arrival === null ? Number.NaN : arrival.index
      numbers[at++] = arrival === null ? Number.NaN : arrival.at
      numbers[at++] = ending.started
      numbers[at++] = ending.ended
      numbers[at++] = firstAt
      numbers[at++] = lastAt
      numbers[at++] = request === null ? Number.NaN : request.prompt.length
      numbers[at++] = outputTokens
      numbers[at++] = ending.status
      numbers[at] = extra ? 1 : 0
      outcomes.push(outcome)
      errors.push(ending.error)
      finishReasons.push(request?.finishReason ?? null)
      replicas.push(served?.pod ?? null)
      gaps.push(ending.detailed && contents > 1 ? gapsOf(served, lastAt - WAY_MS) : null)
      traffic.push(ending.traffic)
    },
    records: () => outcomes.map((_, row) => makeRecord(runId, read(row))),
  }
}

// --- Internal helpers ---

const gapsOf = (served: Ending['served'], to: number): EndedRequest['gaps'] =>
  served === null ? null : served.driver.steps.gaps(served.request.firstTokenAt, to)
