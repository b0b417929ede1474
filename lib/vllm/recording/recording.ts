import type { EngineConfig } from '../engine/types.ts'

/** What was sent to an engine and what came of it, on one clock: milliseconds from the recording's start. */
export interface Recording {
  /** The file's name without its folder and ending. */
  name: string
  /** The part of the engine's configuration that decides what it schedules. */
  config: EngineConfig
  /** The first so many token ids of every request whose index is no multiple of three are the same. */
  sharedPrefixTokens: number
  /** Those that were answered in full, in the order of their start. */
  requests: readonly RecordedRequest[]
  /** Those whose client left before the end, in the order of their start: load, without latencies. */
  aborted: readonly AbortedRequest[]
  /** In the order of time. */
  scrapes: readonly Scrape[]
  leftOut: LeftOut
  /** Where the replay may differ from the recording for a reason that is known. */
  warnings: readonly string[]
}

/** So much of the file is no part of the replay. */
export interface LeftOut {
  /** Requests with a status other than 200: the engine never had them. */
  refused: number
  /** Requests of which nobody knows when they ended. */
  withoutEnd: number
  /** Scrapes without one of the values. */
  scrapes: number
}

export interface SentRequest {
  index: number
  startMs: number
  promptTokens: number
  /** Policy `priority` only; 0 where left out. */
  priority?: number
}

export interface RecordedRequest extends SentRequest, Latency {
  outputTokens: number
}

export interface AbortedRequest extends SentRequest {
  /** The limit that its client asked for. */
  maxTokens: number
  /** When the client left. */
  abortedMs: number
}

/** When the client saw the first token, and the last. */
export interface Latency {
  firstTokenMs: number
  endMs: number
}

/** What `/metrics` said: gauges, and counters that go on from whatever came before the recording. */
export interface Scrape extends Gauges, Counters {
  atMs: number
}

export interface Gauges {
  running: number
  waiting: number
  /** 0 to 1. */
  kvCacheUsage: number
}

export interface Counters {
  preemptions: number
  prefixQueries: number
  prefixHits: number
}

/** What a counter rose by from the first scrape to the last. */
export const counted = ({ scrapes }: { scrapes: readonly Counters[] }, counter: keyof Counters): number =>
  (scrapes.at(-1)?.[counter] ?? 0) - (scrapes[0]?.[counter] ?? 0)
