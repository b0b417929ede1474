import type { RequestRecord } from '../../core/run-folder.ts'
import { contentsOf, type EndedRequest } from './ended-request.ts'

/** One for all: most incidents have a million streams without any. */
const NO_GAPS: [number, number][] = []

/** The record that k6 would have written. */
export const makeRecord = (runId: string, request: EndedRequest): RequestRecord => {
  const { vu, iteration, started, ended, firstAt, lastAt, outcome, outputTokens, status, gaps } = request
  const isWhole = outcome === 'ok'
  const contents = contentsOf(outcome, outputTokens)
  const first = orNull(firstAt)
  const ttft = first === null ? null : first - started
  return {
    id: `${runId}-${vu}-${iteration}`,
    vu,
    iteration,
    arrival: orNull(request.arrival),
    intended: orNull(request.intended),
    started,
    connected: started,
    reused: iteration > 0,
    written: started,
    ended,
    firstEvent: ttft,
    firstChoice: ttft,
    ttft,
    firstAnswer: ttft,
    tpot: first === null || outputTokens < 2 || contents < 2 ? null : (lastAt - first) / (outputTokens - 1),
    e2e: ended - started,
    gapMax: gaps?.maxMs ?? null,
    gapP99: gaps?.p99Ms ?? null,
    gaps: gaps === null ? NO_GAPS : gaps.histogram.map(([lower, count]) => [lower, count]),
    chunks: Math.max(0, contents),
    coalesced: 0,
    promptTokens: isWhole ? orNull(request.promptTokens) : null,
    cachedTokens: null,
    outputTokens: isWhole ? outputTokens : Math.max(0, contents),
    tokensFrom: isWhole ? 'usage' : 'chunks',
    finishReason: isWhole ? request.finishReason : null,
    status,
    outcome,
    error: request.error,
    replica: request.replica,
    traffic: request.traffic,
    extra: request.extra,
  }
}

// --- Internal helpers ---

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)
