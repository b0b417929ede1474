import type { RequestRecord } from '../../core/run-folder.ts'
import { type Served, WAY_MS } from '../gateway/gateway.ts'
import type { Ask } from './client.ts'

/** One for all: most incidents have a million streams without any. */
const NO_GAPS: [number, number][] = []

export interface Ended {
  ask: Pick<Ask, 'id' | 'vu' | 'iteration' | 'arrival' | 'traffic' | 'extra'>
  started: number
  ended: number
  outcome: string
  status: number
  error: string | null
  served: Served | null
  detailed: boolean
}

/** What the client would have measured: tokens reach it a moment after the steps that made them. */
export const makeRecord = ({ ask, started, ended, outcome, status, error, served, detailed }: Ended): RequestRecord => {
  const request = served?.request ?? null
  const isWhole = outcome === 'ok'
  const outputTokens = request?.outputTokens ?? 0
  // The last token ends the stream and carries no text.
  const contents = isWhole ? outputTokens - 1 : outputTokens
  const first = request === null || contents < 1 ? null : request.firstTokenAt + WAY_MS
  const last = request === null ? 0 : (isWhole ? request.previousTokenAt : request.lastTokenAt) + WAY_MS
  const ttft = first === null ? null : first - started
  const gaps =
    detailed && request !== null && served !== null && contents > 1
      ? served.driver.steps.gaps(request.firstTokenAt, last - WAY_MS)
      : null
  return {
    id: ask.id,
    vu: ask.vu,
    iteration: ask.iteration,
    arrival: ask.extra ? null : (ask.arrival?.index ?? null),
    intended: ask.arrival?.at ?? null,
    started,
    connected: started,
    reused: ask.iteration > 0,
    written: started,
    ended,
    firstEvent: ttft,
    firstChoice: ttft,
    ttft,
    firstAnswer: ttft,
    tpot: first === null || outputTokens < 2 || contents < 2 ? null : (last - first) / (outputTokens - 1),
    e2e: ended - started,
    gapMax: gaps?.maxMs ?? null,
    gapP99: gaps?.p99Ms ?? null,
    gaps: gaps === null ? NO_GAPS : gaps.histogram.map(([lower, count]) => [lower, count]),
    chunks: Math.max(0, contents),
    coalesced: 0,
    promptTokens: isWhole ? (request?.prompt.length ?? null) : null,
    cachedTokens: null,
    outputTokens: isWhole ? outputTokens : Math.max(0, contents),
    tokensFrom: isWhole ? 'usage' : 'chunks',
    finishReason: isWhole ? (request?.finishReason ?? null) : null,
    status,
    outcome,
    error,
    replica: served?.pod ?? null,
    traffic: ask.traffic,
    extra: ask.extra,
  }
}
