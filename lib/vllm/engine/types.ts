import type { SharedHead } from './block-hash.ts'

/** What the engine is told once, at start. The names are vLLM's own; what is left out has vLLM 0.32's default. */
export interface EngineConfig {
  /** Tokens per KV block. */
  blockSize: number
  /** KV blocks on the device, the null block included. */
  numGpuBlocks: number
  maxModelLen: number
  maxNumSeqs: number
  /** Token budget of one step, shared by prefill and decode. */
  maxNumBatchedTokens: number
  enablePrefixCaching: boolean
  /** Order of the waiting queue, and whom a shortage of blocks preempts: the last admitted, or the least important. */
  policy?: 'fcfs' | 'priority'
  /** Admit a request only where all of its tokens would fit (vLLM since March 2026), or where its first chunk does. */
  reserveFullPrompt?: boolean
  /** Share of all blocks that an admission leaves free while something runs. */
  watermark?: number
  /** The most tokens of one request in one step, unless it is the only one; 0 is no limit. */
  longPrefillTokenThreshold?: number
  /** Where false, a prompt is computed in one step or not at all. */
  enableChunkedPrefill?: boolean
}

export type FinishReason = 'stop' | 'length' | 'abort' | 'error' | 'repetition'
export type RequestStatus = 'waiting' | 'running' | 'preempted' | 'finished'

/** Token ids; an array of them, or something that can tell each (few are ever asked for). */
export interface Tokens {
  readonly length: number
  at(index: number): number | undefined
  /** Puts so many from this index on, all of them its own, at the array's beginning: for less than one by one. */
  copyTo?(target: Uint32Array, from: number, count: number): void
  /** What it begins with, where others begin with the same. */
  readonly head?: SharedHead | undefined
}

/** Kept by the engine as it is: nobody changes it afterwards. */
export interface RequestInit {
  id: string
  /** The whole prompt. */
  prompt: Tokens
  /** The output's token ids follow from this alone, so that a later prompt that repeats the answer finds its blocks. */
  outputSeed: number
  /** The limit that the client asked for. */
  maxTokens: number
  /** Where the model would end by itself (the end-of-sequence token counts); Infinity where it never would. */
  naturalLength: number
  /** Milliseconds, on the engine's clock: when the front end received it. */
  arrivedAt: number
  /** Policy `priority` only: the smaller, the sooner; 0 where left out. */
  priority?: number
}

/** One sequence in the engine. Times are milliseconds on the clock of the calls; NaN until they happen. */
export interface EngineRequest {
  readonly id: string
  readonly prompt: Tokens
  readonly outputSeed: number
  readonly maxTokens: number
  /** Tokens after which it finishes, whatever the reason. */
  readonly targetTokens: number
  readonly naturalLength: number
  readonly priority: number
  readonly status: RequestStatus
  readonly finishReason: FinishReason | null
  /** Tokens whose KV is computed, or will be at the end of the running step. */
  readonly computedTokens: number
  readonly outputTokens: number
  /** Prompt tokens found in the prefix cache at the first admission; -1 before. */
  readonly cachedTokens: number
  readonly preemptions: number
  /** KV blocks that it holds, those that it shares included. */
  readonly heldBlocks: number
  readonly arrivedAt: number
  /** When the engine took it over: between two steps. */
  readonly queuedAt: number
  readonly scheduledAt: number
  readonly firstTokenAt: number
  readonly previousTokenAt: number
  readonly lastTokenAt: number
}

/** The work of one step, as a hardware preset prices it. */
export interface Batch {
  /** Tokens of prompt (or recomputed) chunks. */
  prefillTokens: number
  /** Pairs of a chunk's token and a token that it attends to: those before it, and itself. */
  prefillPairs: number
  /** Sequences that compute one token. */
  decodeSequences: number
  /** Tokens that the decoding sequences attend to, all together: the KV that they read. */
  contextTokens: number
  /** Requests in the waiting queue meanwhile. */
  waitingRequests: number
}

export interface Step extends Batch {
  startedAt: number
  durationMs: number
  scheduledTokens: number
}

/** So many sequences got their next token `gapMs` after the one before. */
export interface TokenGap {
  gapMs: number
  count: number
}

/** What one step did. Valid until the next step: read it before. */
export interface StepOutcome {
  endedAt: number
  step: Step
  /**
   * Requests that got one token, in the order of the batch, those that it finished included. Made when read: costs as
   * much as there are sequences. Who only counts reads the next three.
   */
  readonly emitted: readonly EngineRequest[]
  emittedCount: number
  /** Those among them for which it was the first. */
  firstTokens: readonly EngineRequest[]
  /** The others; nearly all sequences of a step share one gap. */
  gaps: readonly TokenGap[]
  finished: readonly EngineRequest[]
  preempted: readonly EngineRequest[]
  /** Ended by a pause that had to wait for this step. */
  aborted: readonly EngineRequest[]
}

/** Gauges and counters as of the last step's end, as vLLM's SchedulerStats. They move in `update` and nowhere else. */
export interface EngineStats {
  running: number
  waiting: number
  /** 0 to 1; blocks that are only cached count as free. */
  kvCacheUsage: number
  /** Requests whose tokens the two after it count. */
  prefixCacheRequests: number
  prefixCacheQueries: number
  prefixCacheHits: number
  /** How often the prefix cache was emptied. */
  prefixCacheResets: number
  /** As vLLM's counter: a preemption is told with the next token of the request that it hit. */
  preemptions: number
}

/**
 * What happens to requests when scheduling is paused: `abort` ends all of them, `wait` lets the running ones finish,
 * `keep` freezes them. New ones queue in any case.
 */
export type PauseMode = 'abort' | 'wait' | 'keep'

export interface Engine {
  readonly config: EngineConfig
  /** While a step is in flight, the request is queued at its end, as vLLM's input queue is read between steps. */
  add(request: RequestInit, now: number): EngineRequest
  /** Takes effect between steps. A second call, or one after the end, changes nothing. */
  abort(request: EngineRequest): void
  /** Aborts everything with reason `abort`, as a shutdown does, and returns it. */
  abortAll(now: number): EngineRequest[]
  /** True where `schedule` would return a step. */
  hasWork(): boolean
  /** Waiting and running, as `--max-num-queued-reqs` counts them. */
  unfinished(): number
  /** Chooses the work of the next step, told until the one after it; null where there is none. Each step is closed by `update`. */
  schedule(now: number): Step | null
  /** Ends the step: tokens come out, requests finish. */
  update(now: number): StepOutcome
  stats(): EngineStats
  /** Free blocks, cached ones included. */
  freeBlocks(): number
  /**
   * Forgets all cached content; false, and nothing done, while any block is held. With `resetRunningRequests` whatever
   * runs is preempted first (at the end of the step in flight), so that it always succeeds.
   */
  resetPrefixCache(options?: { resetRunningRequests?: boolean }): boolean
  /**
   * Stops scheduling, as `/sleep` and `/pause` do, at the end of the step in flight where there is one. `clearCache`:
   * also the KV cache is lost (sleep level 1 and 2). Returns the requests that it aborted at once; later ones come in
   * the outcome of the step.
   */
  pause(mode: PauseMode, options?: { clearCache?: boolean }): EngineRequest[]
  resume(): void
  isPaused(): boolean
}
