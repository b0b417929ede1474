import type { RequestRecord } from '../../core/run-folder.ts'
import type { EndedRequest } from './ended-request.ts'
import { makeRecord } from './record.ts'

/** The requests of a run, in the order of their ends. */
export interface RequestLog {
  add(request: EndedRequest): void
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
    add: (request) => {
      let at = outcomes.length * WIDTH
      if (at === numbers.length) {
        const grown = new Float64Array(2 * at)
        grown.set(numbers)
        numbers = grown
      }
      numbers[at++] = request.vu
      numbers[at++] = request.iteration
      numbers[at++] = request.arrival
      numbers[at++] = request.intended
      numbers[at++] = request.started
      numbers[at++] = request.ended
      numbers[at++] = request.firstAt
      numbers[at++] = request.lastAt
      numbers[at++] = request.promptTokens
      numbers[at++] = request.outputTokens
      numbers[at++] = request.status
      numbers[at] = request.extra ? 1 : 0
      outcomes.push(request.outcome)
      errors.push(request.error)
      finishReasons.push(request.finishReason)
      replicas.push(request.replica)
      gaps.push(request.gaps)
      traffic.push(request.traffic)
    },
    records: () => outcomes.map((_, row) => makeRecord(runId, read(row))),
  }
}
