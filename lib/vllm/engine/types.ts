/** What the engine is told once, at start. The names are vLLM's own. */
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
}

export type FinishReason = 'stop' | 'length' | 'abort' | 'error' | 'repetition'
export type RequestStatus = 'waiting' | 'running' | 'preempted' | 'finished'

export interface RequestInit {
  id: string
  /** Token ids of the whole prompt. */
  prompt: Uint32Array
  /** The output's token ids follow from this alone, so that a later prompt that repeats the answer finds its blocks. */
  outputSeed: number
  /** The limit that the client asked for. */
  maxTokens: number
  /** Where the model would end by itself (the end-of-sequence token counts); Infinity where it never would. */
  naturalLength: number
  /** Milliseconds, on the engine's clock: when the front end received it. */
  arrivedAt: number
}

/** One sequence in the engine. Times are milliseconds on the clock of the calls; NaN until they happen. */
export interface EngineRequest {
  readonly id: string
  readonly prompt: Uint32Array
  readonly outputSeed: number
  readonly maxTokens: number
  /** Tokens after which it finishes, whatever the reason. */
  readonly targetTokens: number
  readonly naturalLength: number
  status: RequestStatus
  finishReason: FinishReason | null
  /** Tokens whose KV is computed, or will be at the end of the running step. */
  computedTokens: number
  outputTokens: number
  /** Tokens of this step. */
  scheduledTokens: number
  /** Prompt tokens found in the prefix cache at the first admission; -1 before. */
  cachedTokens: number
  preemptions: number
  blocks: number[]
  /** Chained hashes of the full blocks, as far as they have been needed. */
  hashes: number[]
  /** How many of `blocks` are registered in the prefix cache. */
  registeredBlocks: number
  readonly arrivedAt: number
  queuedAt: number
  scheduledAt: number
  firstTokenAt: number
  previousTokenAt: number
  lastTokenAt: number
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
}

export interface Step extends Batch {
  startedAt: number
  durationMs: number
  scheduledTokens: number
}

/** What one step did. The arrays are reused by the next step: read them before it. */
export interface StepOutcome {
  endedAt: number
  step: Step
  /** Requests that got one token, those that it finished included. */
  emitted: readonly EngineRequest[]
  finished: readonly EngineRequest[]
  preempted: readonly EngineRequest[]
}

/** Gauges and counters as of the last step's end, as vLLM's SchedulerStats. */
export interface EngineStats {
  running: number
  waiting: number
  /** 0 to 1; blocks that are only cached count as free. */
  kvCacheUsage: number
  prefixCacheQueries: number
  prefixCacheHits: number
  preemptions: number
}

export interface Engine {
  readonly config: EngineConfig
  add(request: RequestInit, now: number): EngineRequest
  /** Takes effect between steps. A second call, or one after the end, changes nothing. */
  abort(request: EngineRequest): void
  /** Aborts everything with reason `abort`, as a shutdown does, and returns it. */
  abortAll(now: number): EngineRequest[]
  /** True where `schedule` would return a step. */
  hasWork(): boolean
  /** Waiting and running, as `--max-num-queued-reqs` counts them. */
  unfinished(): number
  /** Chooses the work of the next step; null where there is none. Each step is closed by `update`. */
  schedule(now: number): Step | null
  /** Ends the step: tokens come out, requests finish. */
  update(now: number): StepOutcome
  stats(): EngineStats
  /** Free blocks, cached ones included. */
  freeBlocks(): number
}
