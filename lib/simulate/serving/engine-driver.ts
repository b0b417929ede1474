import type { Engine, EngineRequest, RequestInit } from '../../vllm/engine/types.ts'
import type { GrowMemory } from '../../../stack/apps/vllm/driver.ts'
import type { EngineMetrics } from '../../vllm/metrics/engine-metrics.ts'
import type { Alarm, Clockwork } from '../clockwork.ts'
import { createNumbered } from '../numbered.ts'
import { createStepLog, type StepLog } from './step-log.ts'

/** What becomes of a request, told when it happens. */
export interface Listener {
  finished(): void
  /** The server said so, in the stream, or is gone without a word. */
  broken(how: Breakage): void
}

export type Breakage = 'error' | 'gone'

export interface EngineDriver {
  /** `outputSeed` is another for each request, and it arrives now. */
  submit(init: RequestInit, listener: Listener): EngineRequest
  abort(request: EngineRequest): void
  /** Calls back as soon as the request has so many tokens. */
  onTokens(request: EngineRequest, tokens: number, act: () => void): void
  /** Share of the time since the last call that the engine was computing. */
  takeBusyShare(): number
  /** Every step's end so far. */
  readonly steps: StepLog
  /** Takes no step any more; every stream breaks. */
  die(how: Breakage): void
}

export interface EngineDriverOptions {
  clock: Clockwork
  engine: Engine
  metrics: EngineMetrics
  growMemory: GrowMemory
  /** The engine cannot go on: memory was refused. */
  onOutOfMemory(): void
}

/** Runs an engine on simulated time: the counterpart of stack/apps/vllm/driver.ts, without a token's own work. */
export const createEngineDriver = (options: EngineDriverOptions): EngineDriver => {
  const { clock, engine, metrics, growMemory, onOutOfMemory } = options
  /** By the output's seed, of which no two requests have the same. */
  let listeners = createNumbered<Listener>()
  /** By the number of the step at whose end to look. */
  const looks = new Map<number, { request: EngineRequest; tokens: number; act: () => void }[]>()
  const steps = createStepLog()
  let alarm: Alarm | null = null
  let isRunning = false
  let isStopped = false
  let busyMs = 0
  let busySince = clock.now()

  const begin = (): void => {
    if (isStopped) return
    const step = engine.schedule(clock.now())
    isRunning = step !== null
    if (step === null) return
    busyMs += step.durationMs
    const grown = growMemory(step.scheduledTokens)
    if (grown === true) alarm = clock.after(step.durationMs, end)
    else void grown.then((isEnough) => afterGrowth(isEnough, step.durationMs))
  }
  const afterGrowth = (isEnough: boolean, durationMs: number): void => {
    if (isStopped) return
    if (isEnough) alarm = clock.after(durationMs, end)
    else onOutOfMemory()
  }
  const end = (): void => {
    const now = clock.now()
    const outcome = engine.update(now)
    steps.add(now)
    metrics.record(outcome, engine.stats())
    for (const request of outcome.finished) finish(request)
    look()
    begin()
  }
  const finish = (request: EngineRequest): void => {
    listeners.remove(request.outputSeed)?.finished()
  }
  const look = (): void => {
    if (looks.size === 0) return
    const due = looks.get(steps.count())
    if (due === undefined) return
    looks.delete(steps.count())
    for (const { request, tokens, act } of due) {
      if (request.status === 'finished') continue
      if (request.outputTokens >= tokens) act()
      else later(request, tokens, act)
    }
  }
  /** A step gives a request one token at the most: no need to look before. */
  const later = (request: EngineRequest, tokens: number, act: () => void): void => {
    const at = steps.count() + Math.max(1, tokens - request.outputTokens)
    const known = looks.get(at)
    const entry = { request, tokens, act }
    if (known === undefined) looks.set(at, [entry])
    else known.push(entry)
  }
  const wake = (): void => {
    if (!isRunning) begin()
  }
  return {
    steps,
    submit: (init, listener) => {
      const request = engine.add(init, init.arrivedAt)
      listeners.add(request.outputSeed, listener)
      wake()
      return request
    },
    abort: (request) => {
      listeners.remove(request.outputSeed)
      engine.abort(request)
      wake()
    },
    onTokens: later,
    takeBusyShare: () => {
      const now = clock.now()
      const share = Math.min(1, busyMs / Math.max(1, now - busySince))
      busyMs = 0
      busySince = now
      return share
    },
    die: (how) => {
      isStopped = true
      alarm?.cancel()
      const open = listeners.all()
      listeners = createNumbered()
      for (const listener of open) listener.broken(how)
    },
  }
}
