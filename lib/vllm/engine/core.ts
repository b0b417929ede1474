import type { EngineRequest, RequestInit, Step, TokenGap } from './types.ts'

/** What may be scheduled: everything, what runs already, nothing. vLLM's PauseState. */
export type Admission = 'open' | 'running-only' | 'closed'

/** The step that was chosen last, until the next is; how long it takes is for others to say. */
export interface Chosen extends Step {
  preempted: readonly EngineRequest[]
  /** Requests admitted for the first time with a prefix cache, and their tokens looked up and found in it. */
  prefixRequests: number
  prefixQueries: number
  prefixHits: number
}

/** What came out of it, until the next step's end. */
export interface Emission {
  emittedCount: number
  firstTokens: readonly EngineRequest[]
  gaps: readonly TokenGap[]
  finished: readonly EngineRequest[]
  /** Preemptions of requests that got a token now: vLLM's counter learns of them with it. */
  toldPreemptions: number
}

/** The two queues and the KV cache: what vLLM's Scheduler does within a step, without the calls from outside. */
export interface Core {
  create(init: RequestInit): EngineRequest
  /** Puts a request that `create` made into the waiting queue. */
  enqueue(request: EngineRequest, now: number): void
  /** Takes an unfinished request out of its queue and ends it with reason `abort`. */
  abort(request: EngineRequest): void
  running(): number
  waiting(): number
  /** In the order in which they were queued first, as vLLM keeps them: they are ended, and their blocks freed, in it. */
  unfinished(): EngineRequest[]
  schedule(now: number, admission: Admission): Chosen
  emit(now: number): Emission
  /** Who got a token then, in the order of the batch; right until the next call of anything. */
  emitted(): readonly EngineRequest[]
  /** Sends everything that runs back to the waiting queue, the last one first. */
  preemptAll(): void
  freeBlocks(): number
  usage(): number
  resetCache(): boolean
}

/** How many tokens a request gets from the model before it ends. */
export const targetTokensOf = ({ prompt, maxTokens, naturalLength }: RequestInit, maxModelLen: number): number =>
  Math.max(1, Math.min(maxTokens, naturalLength, maxModelLen - prompt.length))

/** vLLM's order of a priority queue (`Request.__lt__`): priority, then arrival, then id. */
export const isMoreImportant = (
  one: Pick<EngineRequest, 'arrivedAt' | 'id' | 'priority'>,
  other: Pick<EngineRequest, 'arrivedAt' | 'id' | 'priority'>,
): boolean => {
  if (one.priority !== other.priority) return one.priority < other.priority
  if (one.arrivedAt !== other.arrivedAt) return one.arrivedAt < other.arrivedAt
  return one.id < other.id
}
