import { added, none } from './added.ts'
import type { Admission, Chosen, Core, Emission } from './core.ts'
import type { Batch, Engine, EngineConfig, EngineRequest, EngineStats, StepOutcome, TokenGap } from './types.ts'

/**
 * vLLM's EngineCore around its scheduler: what arrives during a step waits for its end, aborts come before the step's
 * tokens, other calls after them, and gauges are set once a step. So a step that never ends freezes everything.
 */
export const createShell = (config: EngineConfig, core: Core, stepTime: (batch: Batch) => number): Engine => {
  const stats: EngineStats = {
    running: 0,
    waiting: 0,
    kvCacheUsage: 0,
    prefixCacheRequests: 0,
    prefixCacheQueries: 0,
    prefixCacheHits: 0,
    prefixCacheResets: 0,
    preemptions: 0,
  }
  let inFlight: Chosen | null = null
  let admission: Admission = 'open'
  let paused = false
  /** What came during the step. */
  let arrivals: EngineRequest[] = []
  let aborts: EngineRequest[] = []
  let calls: (() => void)[] = []
  let abortedByPause: readonly EngineRequest[] = NOBODY
  // After an abort vLLM runs one empty step, whose only effect is that the gauges are set again; after a step that
  // finished somebody also, which can be seen only where a pause keeps what waits from another.
  let settle = false
  let hasFinished = false
  let clearWhenIdle = false
  let resets = 0
  /** One for all steps. */
  let outcome: Outcome | null = null

  const betweenSteps = (call: () => void): void => {
    if (inFlight === null) call()
    else calls.push(call)
  }
  const receive = (now: number): void => {
    if (arrivals.length === 0) return
    for (const request of arrivals) core.enqueue(request, now)
    arrivals = none()
  }
  const end = (request: EngineRequest): void => {
    if (request.status === 'finished') return
    const index = arrivals.indexOf(request)
    if (index !== -1) core.enqueue(arrivals.splice(index, 1)[0] ?? request, Number.NaN)
    core.abort(request)
    settle = true
  }
  const endAll = (): EngineRequest[] => {
    const all = [...core.unfinished(), ...arrivals]
    for (const request of all) end(request)
    return all
  }
  const resetCache = (): boolean => {
    const done = core.resetCache()
    if (done) resets++
    return done
  }
  const clear = (): void => {
    core.preemptAll()
    resetCache()
    clearWhenIdle = false
  }
  const hasWork = (): boolean => {
    if (settle || (hasFinished && admission !== 'open')) return true
    if (admission === 'closed') return false
    return core.running() > 0 || (admission === 'open' && core.waiting() + arrivals.length > 0)
  }
  const clearOnceIdle = (): void => {
    if (clearWhenIdle && !hasWork()) clear()
  }
  const count = (chosen: Chosen, toldPreemptions: number): void => {
    stats.prefixCacheRequests += chosen.prefixRequests
    stats.prefixCacheQueries += chosen.prefixQueries
    stats.prefixCacheHits += chosen.prefixHits
    stats.prefixCacheResets = resets
    stats.preemptions += toldPreemptions
    stats.running = core.running()
    stats.waiting = core.waiting()
    stats.kvCacheUsage = core.usage()
  }

  return {
    config,
    hasWork,
    freeBlocks: core.freeBlocks,
    stats: () => stats,
    unfinished: () => core.running() + core.waiting() + arrivals.length,
    add: (init, now) => {
      const request = core.create(init)
      if (inFlight !== null) {
        arrivals = added(arrivals, request)
        return request
      }
      // What came during the last step is before it.
      receive(now)
      core.enqueue(request, now)
      return request
    },
    abort: (request) => {
      if (inFlight === null) end(request)
      else aborts.push(request)
    },
    abortAll: () => {
      inFlight = null
      return endAll()
    },
    schedule: (now) => {
      if (inFlight !== null) throw new Error('a step is in flight: call update first')
      receive(now)
      if (!hasWork()) return null
      settle = false
      hasFinished = false
      inFlight = core.schedule(now, admission)
      if (inFlight.scheduledTokens > 0) inFlight.durationMs = stepTime(inFlight)
      return inFlight
    },
    update: (now) => {
      if (inFlight === null) throw new Error('no step is in flight: call schedule first')
      const step = inFlight
      inFlight = null
      if (aborts.length > 0) {
        for (const request of aborts) end(request)
        aborts = []
      }
      const emission = core.emit(now)
      hasFinished = emission.finished.length > 0
      count(step, emission.toldPreemptions)
      clearOnceIdle()
      abortedByPause = NOBODY
      outcome ??= new Outcome(core, step, emission)
      outcome.tell(now, step, emission)
      if (calls.length > 0) {
        outcome.keepEmitted()
        for (const call of calls) call()
        calls = []
        outcome.aborted = abortedByPause
      }
      return outcome
    },
    resetPrefixCache: ({ resetRunningRequests = false } = {}) => {
      if (!resetRunningRequests) return resetCache()
      betweenSteps(clear)
      return true
    },
    pause: (mode, { clearCache = false } = {}) => {
      paused = true
      abortedByPause = NOBODY
      betweenSteps(() => {
        if (mode === 'abort') abortedByPause = endAll()
        admission = mode === 'keep' ? 'closed' : 'running-only'
        clearWhenIdle ||= clearCache
        clearOnceIdle()
      })
      return [...abortedByPause]
    },
    resume: () => {
      paused = false
      betweenSteps(() => {
        admission = 'open'
      })
    },
    isPaused: () => paused,
  }
}

// --- Internal helpers ---

const NOBODY: readonly EngineRequest[] = []

class Outcome implements StepOutcome {
  endedAt = Number.NaN
  step: Chosen
  aborted = NOBODY
  #emission: Emission
  readonly #core: Pick<Core, 'emitted'>
  #emitted: readonly EngineRequest[] | null = null

  constructor(core: Pick<Core, 'emitted'>, step: Chosen, emission: Emission) {
    this.#core = core
    this.step = step
    this.#emission = emission
  }

  /** From here on, of this step. */
  tell(endedAt: number, step: Chosen, emission: Emission): void {
    this.endedAt = endedAt
    this.step = step
    this.#emission = emission
    this.aborted = NOBODY
    this.#emitted = null
  }

  get emittedCount(): number {
    return this.#emission.emittedCount
  }

  get firstTokens(): readonly EngineRequest[] {
    return this.#emission.firstTokens
  }

  get gaps(): readonly TokenGap[] {
    return this.#emission.gaps
  }

  get finished(): readonly EngineRequest[] {
    return this.#emission.finished
  }

  get preempted(): readonly EngineRequest[] {
    return this.step.preempted
  }

  get emitted(): readonly EngineRequest[] {
    return (this.#emitted ??= this.#core.emitted())
  }

  /** Before anything changes that the list is made from. */
  keepEmitted(): void {
    this.#emitted = this.#core.emitted()
  }
}
