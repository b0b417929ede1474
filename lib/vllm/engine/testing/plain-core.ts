import type { Chosen, Core } from '../core.ts'
import type { EngineConfig, EngineRequest, TokenGap } from '../types.ts'
import { createPlainCache } from './plain-cache.ts'
import { insertByPriority, PlainRequest } from './plain-request.ts'
import { preempt, type PlainQueues, type PlainSchedule, schedulePlainly } from './plain-scheduler.ts'

/** The model as one would first write it: every request is looked at in every step. The fast one must agree with it. */
export const createPlainCore = (config: EngineConfig, kv = createPlainCache(config)): Core => {
  const queues: PlainQueues = { running: [], waiting: [] }
  let got: PlainRequest[] = []
  let last: PlainSchedule = { scheduled: [], preempted: [], prefixRequests: 0, prefixQueries: 0, prefixHits: 0 }

  let queued = 0

  const end = (request: PlainRequest, reason: 'abort' | 'length' | 'stop'): void => {
    kv.free(request)
    request.status = 'finished'
    request.finishReason = reason
  }
  return {
    create: (init) => new PlainRequest(init, config.maxModelLen),
    enqueue: (given, now) => {
      const request = own(given)
      request.queuedAt = now
      request.number = ++queued
      if (config.policy === 'priority') insertByPriority(queues.waiting, request)
      else queues.waiting.push(request)
    },
    abort: (given) => {
      const request = own(given)
      queues.running = queues.running.filter((other) => other !== request)
      queues.waiting = queues.waiting.filter((other) => other !== request)
      end(request, 'abort')
    },
    running: () => queues.running.length,
    waiting: () => queues.waiting.length,
    unfinished: () => [...queues.running, ...queues.waiting].toSorted((one, other) => one.number - other.number),
    preemptAll: () => {
      for (let victim = queues.running.pop(); victim !== undefined; victim = queues.running.pop()) {
        preempt(config, kv, queues.waiting, victim)
      }
    },
    freeBlocks: kv.freeBlocks,
    usage: kv.usage,
    resetCache: kv.reset,
    schedule: (now, admission) => {
      last = schedulePlainly(config, kv, queues, now, admission)
      return batchOf(last, now, queues.waiting.length)
    },
    emit: (now) => {
      const emitted = last.scheduled
        .map(({ request }) => request)
        .filter((request) => request.status === 'running' && request.computedTokens === request.totalTokens)
      got = emitted
      let toldPreemptions = 0
      for (const request of emitted) {
        request.outputTokens++
        request.previousTokenAt = request.lastTokenAt
        request.lastTokenAt = now
        if (request.outputTokens === 1) request.firstTokenAt = now
        toldPreemptions += request.untoldPreemptions
        request.untoldPreemptions = 0
      }
      const finished = emitted.filter(({ outputTokens, targetTokens }) => outputTokens >= targetTokens)
      for (const request of finished) end(request, request.outputTokens >= request.naturalLength ? 'stop' : 'length')
      queues.running = queues.running.filter(({ status }) => status === 'running')
      last = { ...last, scheduled: [] }
      return {
        emittedCount: emitted.length,
        firstTokens: emitted.filter(({ outputTokens }) => outputTokens === 1),
        gaps: gapsOf(emitted),
        finished,
        toldPreemptions,
      }
    },
    emitted: () => got,
  }
}

// --- Internal helpers ---

const own = (request: EngineRequest): PlainRequest => {
  if (!(request instanceof PlainRequest)) throw new Error(`request ${request.id} belongs to another engine`)
  return request
}

const batchOf = (
  { scheduled, preempted, prefixRequests, prefixQueries, prefixHits }: PlainSchedule,
  startedAt: number,
  waitingRequests: number,
): Chosen => {
  const batch = { prefillTokens: 0, prefillPairs: 0, decodeSequences: 0, contextTokens: 0, scheduledTokens: 0 }
  for (const { request, tokens } of scheduled) {
    batch.scheduledTokens += tokens
    if (tokens === 1) {
      batch.decodeSequences++
      batch.contextTokens += request.computedTokens
    } else {
      batch.prefillTokens += tokens
      batch.prefillPairs += tokens * (request.computedTokens - (tokens - 1) / 2)
    }
  }
  const prefix = { prefixRequests, prefixQueries, prefixHits }
  return { ...batch, startedAt, durationMs: 0, waitingRequests, preempted, ...prefix }
}

const gapsOf = (emitted: readonly PlainRequest[]): TokenGap[] => {
  const counts = new Map<number, number>()
  for (const { outputTokens, previousTokenAt, lastTokenAt } of emitted) {
    if (outputTokens === 1) continue
    const gapMs = lastTokenAt - previousTokenAt
    counts.set(gapMs, (counts.get(gapMs) ?? 0) + 1)
  }
  return [...counts].map(([gapMs, count]) => ({ gapMs, count }))
}
