import type { KvCache } from './kv-cache.ts'
import type { EngineConfig, EngineRequest } from './types.ts'

export interface Queues {
  /** In order of admission. */
  running: EngineRequest[]
  waiting: EngineRequest[]
}

export interface Schedule {
  scheduled: EngineRequest[]
  preempted: EngineRequest[]
  prefillTokens: number
  prefillPairs: number
  decodeSequences: number
  contextTokens: number
  scheduledTokens: number
  /** Tokens looked up and found in the prefix cache by requests admitted for the first time. */
  prefixQueries: number
  prefixHits: number
}

export const emptySchedule = (): Schedule => ({
  scheduled: [],
  preempted: [],
  prefillTokens: 0,
  prefillPairs: 0,
  decodeSequences: 0,
  contextTokens: 0,
  scheduledTokens: 0,
  prefixQueries: 0,
  prefixHits: 0,
})

/**
 * One pass of vLLM's V1 scheduler (vllm/v1/core/sched/scheduler.py, policy fcfs), into `into`: running requests first, in
 * order, preempting from the back where blocks are short; then the waiting queue, unless something was preempted,
 * until the budget, the sequence limit or the head that does not fit.
 */
export const schedule = (config: EngineConfig, kv: KvCache, queues: Queues, now: number, into: Schedule): void => {
  reset(into)
  const budget = scheduleRunning(config, kv, queues, into)
  if (into.preempted.length === 0) admitWaiting(config, kv, queues, now, budget, into)
}

// --- Internal helpers ---

const reset = (into: Schedule): void => {
  into.scheduled.length = 0
  into.preempted.length = 0
  into.prefillTokens = 0
  into.prefillPairs = 0
  into.decodeSequences = 0
  into.contextTokens = 0
  into.scheduledTokens = 0
  into.prefixQueries = 0
  into.prefixHits = 0
}

const scheduleRunning = (config: EngineConfig, kv: KvCache, { running, waiting }: Queues, into: Schedule): number => {
  let budget = config.maxNumBatchedTokens
  for (let index = 0; index < running.length && budget > 0; index++) {
    const request = running[index]
    if (request === undefined) break
    const tokens = Math.min(request.prompt.length + request.outputTokens - request.computedTokens, budget)
    let fits = kv.grow(request, tokens)
    while (!fits) {
      const victim = running.pop()
      if (victim === undefined) break
      preempt(kv, victim, waiting)
      into.preempted.push(victim)
      if (victim === request) break
      fits = kv.grow(request, tokens)
    }
    if (!fits) break
    budget -= tokens
    include(request, tokens, into)
  }
  return budget
}

const admitWaiting = (
  { maxNumSeqs, blockSize }: EngineConfig,
  kv: KvCache,
  { running, waiting }: Queues,
  now: number,
  tokensLeft: number,
  into: Schedule,
): void => {
  let budget = tokensLeft
  let admitted = 0
  while (admitted < waiting.length && budget > 0 && running.length < maxNumSeqs) {
    const request = waiting[admitted]
    if (request === undefined) break
    const total = request.prompt.length + request.outputTokens
    const hits = kv.lookup(request)
    const cached = hits.length * blockSize
    const tokens = Math.min(total - cached, budget)
    // Head-of-line blocking: nothing behind a request that does not fit is tried.
    if (!kv.admit(request, hits, tokens)) break
    admitted++
    if (request.preemptions === 0) {
      into.prefixQueries += total
      into.prefixHits += cached
    }
    if (request.cachedTokens < 0) request.cachedTokens = cached
    if (Number.isNaN(request.scheduledAt)) request.scheduledAt = now
    request.status = 'running'
    request.computedTokens = cached
    running.push(request)
    budget -= tokens
    include(request, tokens, into)
  }
  if (admitted > 0) waiting.splice(0, admitted)
}

const preempt = (kv: KvCache, request: EngineRequest, waiting: EngineRequest[]): void => {
  kv.free(request)
  request.computedTokens = 0
  request.status = 'preempted'
  request.preemptions++
  waiting.unshift(request)
}

const include = (request: EngineRequest, tokens: number, into: Schedule): void => {
  request.scheduledTokens = tokens
  request.computedTokens += tokens
  into.scheduled.push(request)
  into.scheduledTokens += tokens
  if (tokens === 1) {
    into.decodeSequences++
    into.contextTokens += request.computedTokens
  } else {
    into.prefillTokens += tokens
    into.prefillPairs += tokens * (request.computedTokens - (tokens - 1) / 2)
  }
}
