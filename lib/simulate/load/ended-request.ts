import { type CallEnd, type Served, WAY_MS } from '../gateway/gateway.ts'
import type { Gaps } from '../serving/step-log.ts'

/** What is kept of a request that is over. Times are milliseconds since the epoch; NaN where something never came. */
export interface EndedRequest {
  vu: number
  iteration: number
  /** Of a schedule: which arrival (of the load's own), and when it was meant to be sent. */
  arrival: number
  intended: number
  started: number
  ended: number
  /** When the client got the first text, and the last. */
  firstAt: number
  lastAt: number
  /** NaN where no engine took it. */
  promptTokens: number
  outputTokens: number
  status: number
  outcome: string
  error: string | null
  finishReason: string | null
  replica: string | null
  gaps: Gaps | null
  /** Steps of the timeline that made it what it was, and whether one of them asked for it at all. */
  traffic: string | null
  extra: boolean
}

export interface Ending {
  vu: number
  iteration: number
  arrival: { index: number; at: number } | null
  traffic: string | null
  extra: boolean
  started: number
  ended: number
  outcome: string
  status: number
  error: CallEnd['reason']
  served: Served | null
  /** With its gaps. */
  detailed: boolean
}

/** What the client has measured: tokens reach it a moment after the steps that made them. */
export const endedRequest = (ending: Ending): EndedRequest => {
  const { vu, iteration, arrival, traffic, extra, started, ended, outcome, status, error, served, detailed } = ending
  const request = served?.request ?? null
  const outputTokens = request?.outputTokens ?? 0
  const contents = contentsOf(outcome, outputTokens)
  const firstAt = request === null || contents < 1 ? Number.NaN : request.firstTokenAt + WAY_MS
  // The last token ends the stream and carries no text.
  const lastAt =
    request === null ? Number.NaN : (outcome === 'ok' ? request.previousTokenAt : request.lastTokenAt) + WAY_MS
  return {
    vu,
    iteration,
    arrival: extra ? Number.NaN : (arrival?.index ?? Number.NaN),
    intended: arrival?.at ?? Number.NaN,
    started,
    ended,
    firstAt,
    lastAt,
    promptTokens: request?.prompt.length ?? Number.NaN,
    outputTokens,
    status,
    outcome,
    error,
    finishReason: request?.finishReason ?? null,
    replica: served?.pod ?? null,
    gaps:
      detailed && request !== null && served !== null && contents > 1
        ? served.driver.steps.gaps(request.firstTokenAt, lastAt - WAY_MS)
        : null,
    traffic,
    extra,
  }
}

/** Tokens with text: all but the last one of a whole answer. */
export const contentsOf = (outcome: string, outputTokens: number): number =>
  outcome === 'ok' ? outputTokens - 1 : outputTokens
