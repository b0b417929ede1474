import { createKvCache } from './kv-cache.ts'
import { emptySchedule, type Queues, schedule } from './scheduler.ts'
import type { Batch, Engine, EngineConfig, EngineRequest, EngineStats, FinishReason, Step } from './types.ts'

/** Milliseconds that a batch takes on the hardware. */
export type StepTime = (batch: Batch) => number

/**
 * vLLM's V1 engine core as a model: pure, and on the clock of its caller. In real time, call `schedule`, wait
 * `durationMs`, call `update`; in virtual time, add the duration instead of waiting. Not modelled: asynchronous
 * scheduling (one step in flight beside the one computed), speculative decoding, LoRA, KV transfer, priorities.
 */
export const createEngine = (config: EngineConfig, stepTime: StepTime): Engine => {
  const kv = createKvCache(config)
  const queues: Queues = { running: [], waiting: [] }
  const chosen = emptySchedule()
  const emitted: EngineRequest[] = []
  const finished: EngineRequest[] = []
  const abortsDuringStep: EngineRequest[] = []
  const stats: EngineStats = {
    running: 0,
    waiting: 0,
    kvCacheUsage: 0,
    prefixCacheQueries: 0,
    prefixCacheHits: 0,
    preemptions: 0,
  }
  let step: Step | null = null
  // After an abort vLLM runs one empty step, whose only effect is that the gauges are set again.
  let settle = false

  const remove = (request: EngineRequest): void => {
    const queue = request.status === 'running' ? queues.running : queues.waiting
    const index = queue.indexOf(request)
    if (index !== -1) queue.splice(index, 1)
    end(request, 'abort')
    settle = true
  }
  const end = (request: EngineRequest, reason: FinishReason): void => {
    kv.free(request)
    request.status = 'finished'
    request.finishReason = reason
  }
  const settleStats = (): void => {
    stats.running = queues.running.length
    stats.waiting = queues.waiting.length
    stats.kvCacheUsage = kv.pool.usage()
    stats.prefixCacheQueries += chosen.prefixQueries
    stats.prefixCacheHits += chosen.prefixHits
    stats.preemptions += chosen.preempted.length
  }
  const abort = (request: EngineRequest): void => {
    if (request.status === 'finished') return
    if (step === null) remove(request)
    else abortsDuringStep.push(request)
  }

  return {
    config,
    abort,
    add: (init, now) => {
      const request = newRequest(init, config.maxModelLen, now)
      queues.waiting.push(request)
      return request
    },
    abortAll: () => {
      const all = [...queues.running, ...queues.waiting]
      step = null
      for (const request of all) remove(request)
      return all
    },
    hasWork: () => settle || queues.running.length > 0 || queues.waiting.length > 0,
    unfinished: () => queues.running.length + queues.waiting.length,
    schedule: (now) => {
      if (step !== null) throw new Error('a step is in flight: call update first')
      if (!settle && queues.running.length === 0 && queues.waiting.length === 0) return null
      settle = false
      schedule(config, kv, queues, now, chosen)
      const { prefillTokens, prefillPairs, decodeSequences, contextTokens, scheduledTokens } = chosen
      const durationMs = scheduledTokens === 0 ? 0 : stepTime(chosen)
      step = {
        startedAt: now,
        durationMs,
        prefillTokens,
        prefillPairs,
        decodeSequences,
        contextTokens,
        scheduledTokens,
      }
      return step
    },
    update: (now) => {
      if (step === null) throw new Error('no step is in flight: call schedule first')
      const ended = step
      step = null
      emitted.length = 0
      finished.length = 0
      for (const request of abortsDuringStep) if (request.status !== 'finished') remove(request)
      abortsDuringStep.length = 0
      for (const request of chosen.scheduled) {
        if (request.status === 'finished' || request.computedTokens < request.prompt.length + request.outputTokens) {
          continue
        }
        emit(request, now)
        emitted.push(request)
        if (request.outputTokens >= request.targetTokens) finished.push(request)
      }
      if (finished.length > 0) {
        for (const request of finished) end(request, reasonOf(request))
        queues.running = queues.running.filter((request) => request.status === 'running')
      }
      settleStats()
      return { endedAt: now, step: ended, emitted, finished, preempted: chosen.preempted }
    },
    stats: () => stats,
    freeBlocks: () => kv.pool.free(),
  }
}

// --- Internal helpers ---

const newRequest = (init: Parameters<Engine['add']>[0], maxModelLen: number, now: number): EngineRequest => ({
  id: init.id,
  prompt: init.prompt,
  outputSeed: init.outputSeed,
  maxTokens: init.maxTokens,
  naturalLength: init.naturalLength,
  targetTokens: Math.max(1, Math.min(init.maxTokens, init.naturalLength, maxModelLen - init.prompt.length)),
  status: 'waiting',
  finishReason: null,
  computedTokens: 0,
  outputTokens: 0,
  scheduledTokens: 0,
  cachedTokens: -1,
  preemptions: 0,
  blocks: [],
  hashes: [],
  registeredBlocks: 0,
  arrivedAt: init.arrivedAt,
  queuedAt: now,
  scheduledAt: Number.NaN,
  firstTokenAt: Number.NaN,
  previousTokenAt: Number.NaN,
  lastTokenAt: Number.NaN,
})

const emit = (request: EngineRequest, now: number): void => {
  request.outputTokens++
  request.previousTokenAt = request.lastTokenAt
  request.lastTokenAt = now
  if (request.outputTokens === 1) request.firstTokenAt = now
}

const reasonOf = ({ outputTokens, naturalLength }: EngineRequest): FinishReason =>
  outputTokens >= naturalLength ? 'stop' : 'length'
