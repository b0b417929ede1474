import type { Engine, EngineRequest, RequestInit } from '../../../lib/vllm/engine/types.ts'
import type { EngineMetrics } from '../../../lib/vllm/metrics/engine-metrics.ts'

/** Where a request's tokens go. */
export interface Sink {
  /** One more token; the last one comes with `end` alone. */
  token(request: EngineRequest): void
  end(request: EngineRequest): void
  /** The engine died. */
  fail(): void
}

export interface Driver {
  submit(init: Omit<RequestInit, 'arrivedAt'>, sink: Sink): EngineRequest
  /** A client went away: its request leaves the engine between two steps. */
  abort(request: EngineRequest): void
  unfinished(): number
  /** Share of the time since the last call that the engine was computing, 0 to 1. */
  takeBusyShare(): number
  /** Ends every request with finish reason `abort` and takes no step any more. */
  shutDown(): void
  /** As a CUDA error does: every stream fails, and no step is taken any more. */
  die(): void
}

/** Runs the engine in real time: one timer per step, all tokens of a step written when it ends. */
export const createDriver = (engine: Engine, metrics: EngineMetrics, now: () => number): Driver => {
  const sinks = new Map<EngineRequest, Sink>()
  let timer: NodeJS.Timeout | undefined
  let running = false
  let stopped = false
  /** When the step in flight should end; a late timer must not slow the engine's clock. */
  let dueAt = 0
  let busyMs = 0
  let busySince = now()

  const begin = (): void => {
    if (stopped) return
    const time = now()
    const step = engine.schedule(time)
    if (step === null) {
      running = false
      return
    }
    const onTime = running && time - dueAt < step.durationMs
    running = true
    dueAt = (onTime ? dueAt : time) + step.durationMs
    busyMs += step.durationMs
    timer = setTimeout(end, dueAt - time)
  }
  const end = (): void => {
    if (stopped) return
    const outcome = engine.update(now())
    metrics.record(outcome, engine.stats())
    for (const request of outcome.emitted) {
      if (request.finishReason === null) sinks.get(request)?.token(request)
    }
    for (const request of outcome.finished) finish(request)
    begin()
  }
  const finish = (request: EngineRequest): void => {
    const sink = sinks.get(request)
    sinks.delete(request)
    sink?.end(request)
  }
  const stop = (): void => {
    stopped = true
    clearTimeout(timer)
  }
  const wake = (): void => {
    if (!running) begin()
  }

  return {
    submit: (init, sink) => {
      const time = now()
      const request = engine.add({ ...init, arrivedAt: time }, time)
      sinks.set(request, sink)
      wake()
      return request
    },
    abort: (request) => {
      sinks.delete(request)
      engine.abort(request)
      wake()
    },
    unfinished: () => engine.unfinished(),
    takeBusyShare: () => {
      const time = now()
      const share = Math.min(1, busyMs / Math.max(1, time - busySince))
      busyMs = 0
      busySince = time
      return share
    },
    shutDown: () => {
      stop()
      const aborted = engine.abortAll(now())
      metrics.abortedByEngine(aborted)
      for (const request of aborted) finish(request)
    },
    die: () => {
      stop()
      for (const sink of sinks.values()) sink.fail()
      sinks.clear()
    },
  }
}
