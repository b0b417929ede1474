import type { Gaps } from '../serving/step-log.ts'

/** What is kept of a request that is over. Times are milliseconds since the epoch; NaN where something never came. */
export interface EndedRequest {
  vu: number
  iteration: number
  /** Of a schedule: which arrival (of the load's own), and when it was meant to be sent. */
  arrival: number
  intended: number
  /** Steps of the timeline that made it what it was, and whether one of them asked for it at all. */
  traffic: string | null
  extra: boolean
  started: number
  ended: number
  outcome: string
  status: number
  error: string | null
  /** When the client got the first text, and the last. */
  firstAt: number
  lastAt: number
  /** NaN where no engine took it. */
  promptTokens: number
  outputTokens: number
  finishReason: string | null
  replica: string | null
  gaps: Gaps | null
}

/** Tokens with text: all but the last one of a whole answer. */
export const contentsOf = (outcome: string, outputTokens: number): number =>
  outcome === 'ok' ? outputTokens - 1 : outputTokens
