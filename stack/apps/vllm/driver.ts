import type { Engine, EngineRequest, PauseMode, RequestInit } from '../../../lib/vllm/engine/types.ts'
import type { EngineMetrics } from '../../../lib/vllm/metrics/engine-metrics.ts'

/** Where a request's tokens go. */
export interface Sink {
  /** One more token; the last one comes with `end` alone. */
  token(request: EngineRequest): void
  end(request: EngineRequest): void
  /** The engine died. */
  fail(): void
}

/** The process of the engine: what it does not answer has not happened. */
export interface Core {
  /** Hands it a step. */
  begin(): void
  /** Whether it has answered everything it was handed. */
  idle(): boolean
  /** Calls back once, when it is idle again. */
  onIdle(callback: () => void): void
}

/** Memory that steps need beside weights and KV; false where the device has none left, which no engine survives. */
export type GrowMemory = (stepTokens: number) => Promise<boolean> | true

export interface Driver {
  submit(init: Omit<RequestInit, 'arrivedAt'>, sink: Sink): EngineRequest
  /** A client went away: its request leaves the engine between two steps. */
  abort(request: EngineRequest): void
  /** Requests that have not been answered, as the front end counts them. */
  unfinished(): number
  /** Prompt tokens of those among them that have no token yet. */
  queuedTokens(): number
  /** Share of the time since the last call that the engine was computing, 0 to 1. */
  takeBusyShare(): number
  pause(mode: PauseMode, options?: { clearCache?: boolean }): void
  resume(): void
  /** As a CUDA error or a lost process does: every request fails, and no step is taken any more. */
  die(): void
  dead(): boolean
  /** Takes no step any more and forgets its requests, unanswered. */
  halt(): void
  /** Resolves when every request has been answered. */
  drained(): Promise<void>
  /** Whether a step is in flight. */
  isStepping(): boolean
  /** Resolves when there is no step to take: at once, or when what a pause lets run has ended; false where the engine died before. */
  idle(): Promise<boolean>
}

export interface DriverOptions {
  engine: Engine
  metrics: EngineMetrics
  now(): number
  core?: Core
  growMemory?: GrowMemory
  /** The engine cannot go on: memory was refused. */
  onOutOfMemory?: () => void
}

/** Runs the engine in real time: one timer per step, all tokens of a step written when it ends. */
export const createDriver = (options: DriverOptions): Driver => {
  const { engine, metrics, now, core = ALWAYS, growMemory = ENOUGH, onOutOfMemory } = options
  const sinks = new Map<EngineRequest, Sink>()
  const waiters: (() => void)[] = []
  const idlers: ((alive: boolean) => void)[] = []
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
      tellIdlers(true)
      return
    }
    const onTime = running && time - dueAt < step.durationMs
    running = true
    dueAt = (onTime ? dueAt : time) + step.durationMs
    busyMs += step.durationMs
    core.begin()
    const grown = growMemory(step.scheduledTokens)
    if (grown === true) timer = setTimeout(end, dueAt - time)
    else
      void grown.then((enough) => (enough ? (timer = setTimeout(end, Math.max(0, dueAt - now()))) : onOutOfMemory?.()))
  }
  const end = (): void => {
    if (stopped) return
    if (!core.idle()) return core.onIdle(end)
    const outcome = engine.update(now())
    metrics.record(outcome, engine.stats())
    for (const request of outcome.emitted) {
      if (request.finishReason === null) sinks.get(request)?.token(request)
    }
    for (const request of outcome.finished) finish(request)
    endAborted(outcome.aborted)
    begin()
  }
  const tellIdlers = (alive: boolean): void => {
    for (const idler of idlers.splice(0)) idler(alive)
  }
  const finish = (request: EngineRequest): void => {
    const sink = sinks.get(request)
    forget(request)
    sink?.end(request)
  }
  const forget = (request: EngineRequest): void => {
    sinks.delete(request)
    if (sinks.size === 0) for (const waiter of waiters.splice(0)) waiter()
  }
  /** By the engine itself: unlike those that clients abort, they are answered and counted. */
  const endAborted = (requests: readonly EngineRequest[]): void => {
    if (requests.length === 0) return
    metrics.abortedByEngine(requests)
    for (const request of requests) finish(request)
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
      forget(request)
      engine.abort(request)
      wake()
    },
    unfinished: () => sinks.size,
    queuedTokens: () => {
      let tokens = 0
      for (const { prompt, outputTokens } of sinks.keys()) if (outputTokens === 0) tokens += prompt.length
      return tokens
    },
    takeBusyShare: () => {
      const time = now()
      const share = Math.min(1, busyMs / Math.max(1, time - busySince))
      busyMs = 0
      busySince = time
      return share
    },
    pause: (mode, pauseOptions) => {
      endAborted(engine.pause(mode, pauseOptions))
      wake()
    },
    resume: () => {
      engine.resume()
      wake()
    },
    die: () => {
      stopped = true
      clearTimeout(timer)
      for (const sink of sinks.values()) sink.fail()
      sinks.clear()
      for (const waiter of waiters.splice(0)) waiter()
      tellIdlers(false)
    },
    dead: () => stopped,
    halt: () => {
      stopped = true
      clearTimeout(timer)
      sinks.clear()
      tellIdlers(false)
    },
    drained: () => new Promise((resolve) => (sinks.size === 0 ? resolve() : void waiters.push(resolve))),
    isStepping: () => running,
    idle: () => {
      if (stopped || !running) return Promise.resolve(!stopped)
      return new Promise((resolve) => void idlers.push(resolve))
    },
  }
}

// --- Internal helpers ---

const ALWAYS: Core = { begin: () => undefined, idle: () => true, onIdle: (callback) => callback() }
const ENOUGH: GrowMemory = () => true
