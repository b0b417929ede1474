import type { EngineConfig } from '../engine/types.ts'

/** What was sent to an engine and what came of it, on one clock: milliseconds from the recording's start. */
export interface Recording {
  /** The file's name without its folder and ending. */
  name: string
  /** The part of the engine's configuration that decides what it schedules. */
  config: EngineConfig
  /** The first so many token ids of every request whose index is no multiple of three are the same. */
  sharedPrefixTokens: number
  /** In the order of their start; those that the server refused are not among them. */
  requests: readonly RecordedRequest[]
  refused: number
  /** In the order of time. */
  scrapes: readonly Scrape[]
}

export interface RecordedRequest extends Latency {
  index: number
  startMs: number
  promptTokens: number
  outputTokens: number
}

/** When the client saw the first token, and the last. */
export interface Latency {
  firstTokenMs: number
  endMs: number
}

/** What `/metrics` said: gauges, and counters that go on from whatever came before the recording. */
export interface Scrape extends Gauges {
  atMs: number
  preemptions: number
  prefixQueries: number
  prefixHits: number
}

export interface Gauges {
  running: number
  waiting: number
  /** 0 to 1. */
  kvCacheUsage: number
}

/** What a counter rose by from the first scrape to the last. */
export const counted = (
  { scrapes }: Pick<Recording, 'scrapes'>,
  counter: 'preemptions' | 'prefixQueries' | 'prefixHits',
): number => (scrapes.at(-1)?.[counter] ?? 0) - (scrapes[0]?.[counter] ?? 0)
