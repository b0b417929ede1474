import type { Admission } from '../core.ts'
import type { EngineConfig } from '../types.ts'
import type { PlainCache } from './plain-cache.ts'
import { insertByPriority, leastImportant, type PlainRequest } from './plain-request.ts'

export interface PlainQueues {
  running: PlainRequest[]
  waiting: PlainRequest[]
}

export interface PlainSchedule {
  scheduled: { request: PlainRequest; tokens: number }[]
  preempted: PlainRequest[]
  prefixRequests: number
  prefixQueries: number
  prefixHits: number
}

/** `Scheduler.schedule()` of vLLM 0.32.0 (vllm/v1/core/sched/scheduler.py), in its order and touching every request. */
export const schedulePlainly = (
  config: EngineConfig,
  kv: PlainCache,
  queues: PlainQueues,
  now: number,
  admission: Admission,
): PlainSchedule => {
  const into: PlainSchedule = { scheduled: [], preempted: [], prefixRequests: 0, prefixQueries: 0, prefixHits: 0 }
  if (admission === 'closed') return into
  // Whoever is alone starves nobody.
  const alone = queues.running.length + queues.waiting.length <= 1
  const chunk = alone ? 0 : (config.longPrefillTokenThreshold ?? 0)
  const budget = scheduleRunning(config, kv, queues, chunk, into)
  if (into.preempted.length === 0 && admission === 'open') admitWaiting(config, kv, queues, chunk, budget, now, into)
  for (const { request, tokens } of into.scheduled) request.computedTokens += tokens
  return into
}

export const preempt = (config: EngineConfig, kv: PlainCache, waiting: PlainRequest[], request: PlainRequest): void => {
  kv.free(request)
  request.computedTokens = 0
  request.status = 'preempted'
  request.preemptions++
  request.untoldPreemptions++
  if (config.policy === 'priority') insertByPriority(waiting, request)
  else waiting.unshift(request)
}

// --- Internal helpers ---

const scheduleRunning = (
  config: EngineConfig,
  kv: PlainCache,
  { running, waiting }: PlainQueues,
  chunk: number,
  into: PlainSchedule,
): number => {
  let budget = config.maxNumBatchedTokens
  let index = 0
  while (index < running.length && budget > 0) {
    const request = running[index]
    if (request === undefined) break
    const tokens = Math.min(limited(request.totalTokens - request.computedTokens, chunk), budget)
    let fits = kv.grow(request, tokens)
    while (!fits) {
      const victim = config.policy === 'priority' ? leastImportant(running) : running.at(-1)
      if (victim === undefined) break
      const victimIndex = running.indexOf(victim)
      running.splice(victimIndex, 1)
      if (victimIndex < index) index--
      const already = into.scheduled.findIndex((one) => one.request === victim)
      if (already !== -1) budget += into.scheduled.splice(already, 1)[0]?.tokens ?? 0
      preempt(config, kv, waiting, victim)
      into.preempted.push(victim)
      if (victim === request) break
      fits = kv.grow(request, tokens)
    }
    if (!fits) break
    into.scheduled.push({ request, tokens })
    budget -= tokens
    index++
  }
  return budget
}

const admitWaiting = (
  { blockSize, enableChunkedPrefill = true, enablePrefixCaching, maxNumSeqs }: EngineConfig,
  kv: PlainCache,
  { running, waiting }: PlainQueues,
  chunk: number,
  tokensLeft: number,
  now: number,
  into: PlainSchedule,
): void => {
  let budget = tokensLeft
  while (budget > 0 && running.length < maxNumSeqs) {
    const [request] = waiting
    if (request === undefined) break
    const hits = kv.lookup(request)
    const cached = hits.length * blockSize
    const wanted = limited(request.totalTokens - cached, chunk)
    if (!enableChunkedPrefill && wanted > budget) break
    const tokens = Math.min(wanted, budget)
    // Head-of-line blocking: nothing behind a request that does not fit is tried.
    if (!kv.admit(request, hits, tokens, running.length > 0)) break
    waiting.shift()
    if (enablePrefixCaching && request.preemptions === 0) {
      into.prefixRequests++
      into.prefixQueries += request.totalTokens
      into.prefixHits += cached
    }
    if (request.cachedTokens < 0) request.cachedTokens = cached
    if (Number.isNaN(request.scheduledAt)) request.scheduledAt = now
    request.status = 'running'
    request.computedTokens = cached
    running.push(request)
    into.scheduled.push({ request, tokens })
    budget -= tokens
  }
}

const limited = (tokens: number, chunk: number): number => (chunk > 0 ? Math.min(tokens, chunk) : tokens)
