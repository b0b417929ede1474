import type { Admission, Chosen, Core, Emission } from './core.ts'
import type { Batch, Engine, EngineConfig, EngineRequest, EngineStats, Step, StepOutcome, TokenGap } from './types.ts'

/**
 * vLLM's EngineCore around its scheduler: what arrives during a step waits for its end, aborts come before the step's
 * tokens, other calls after them, and gauges are set once a step. So a step that never ends freezes everything.
 */
export const createShell = (config: EngineConfig, core: Core, stepTime: (batch: Batch) => number): Engine => {
  const stats: EngineStats = {
    running: 0,
    waiting: 0,
    kvCacheUsage: 0,
    prefixCacheQueries: 0,
    prefixCacheHits: 0,
    preemptions: 0,
  }
  let inFlight: { step: Step; chosen: Chosen } | null = null
  let admission: Admission = 'open'
  let paused = false
  /** What came during the step. */
  let arrivals: EngineRequest[] = []
  let aborts: EngineRequest[] = []
  let calls: (() => void)[] = []
  let abortedByPause: readonly EngineRequest[] = NOBODY
  // After an abort vLLM runs one empty step, whose only effect is that the gauges are set again.
  let settle = false
  let clearWhenIdle = false

  const betweenSteps = (call: () => void): void => {
    if (inFlight === null) call()
    else calls.push(call)
  }
  const receive = (now: number): void => {
    if (arrivals.length === 0) return
    for (const request of arrivals) core.enqueue(request, now)
    arrivals = []
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
  const clear = (): void => {
    core.preemptAll()
    core.resetCache()
    clearWhenIdle = false
  }
  const hasWork = (): boolean => {
    if (settle) return true
    if (admission === 'closed') return false
    return core.running() > 0 || (admission === 'open' && core.waiting() + arrivals.length > 0)
  }
  const count = (chosen: Chosen, toldPreemptions: number): void => {
    stats.prefixCacheQueries += chosen.prefixQueries
    stats.prefixCacheHits += chosen.prefixHits
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
      if (inFlight === null) core.enqueue(request, now)
      else arrivals.push(request)
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
      const chosen = core.schedule(now, admission)
      const step = {
        startedAt: now,
        durationMs: 0,
        prefillTokens: chosen.prefillTokens,
        prefillPairs: chosen.prefillPairs,
        decodeSequences: chosen.decodeSequences,
        contextTokens: chosen.contextTokens,
        scheduledTokens: chosen.scheduledTokens,
        waitingRequests: core.waiting(),
      }
      if (step.scheduledTokens > 0) step.durationMs = stepTime(step)
      inFlight = { step, chosen }
      return step
    },
    update: (now) => {
      if (inFlight === null) throw new Error('no step is in flight: call schedule first')
      const { step, chosen } = inFlight
      inFlight = null
      if (aborts.length > 0) {
        for (const request of aborts) end(request)
        aborts = []
      }
      const emission = core.emit(now)
      count(chosen, emission.toldPreemptions)
      if (clearWhenIdle && core.running() === 0) clear()
      abortedByPause = NOBODY
      const outcome = new Outcome(now, step, emission, chosen.preempted)
      if (calls.length > 0) {
        outcome.keepEmitted()
        for (const call of calls) call()
        calls = []
        outcome.aborted = abortedByPause
      }
      return outcome
    },
    resetPrefixCache: ({ resetRunningRequests = false } = {}) => {
      if (!resetRunningRequests) return core.resetCache()
      betweenSteps(clear)
      return true
    },
    pause: (mode, { clearCache = false } = {}) => {
      paused = true
      abortedByPause = NOBODY
      betweenSteps(() => {
        if (mode === 'abort') abortedByPause = endAll()
        admission = mode === 'keep' ? 'closed' : 'running-only'
        clearWhenIdle = clearCache && mode === 'wait' && core.running() > 0
        if (clearCache && !clearWhenIdle) clear()
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
  readonly endedAt: number
  readonly step: Step
  readonly emittedCount: number
  readonly firstTokens: readonly EngineRequest[]
  readonly gaps: readonly TokenGap[]
  readonly finished: readonly EngineRequest[]
  readonly preempted: readonly EngineRequest[]
  aborted = NOBODY
  readonly #list: () => readonly EngineRequest[]
  #emitted: readonly EngineRequest[] | null = null

  constructor(endedAt: number, step: Step, emission: Emission, preempted: readonly EngineRequest[]) {
    this.endedAt = endedAt
    this.step = step
    this.emittedCount = emission.emittedCount
    this.firstTokens = emission.firstTokens
    this.gaps = emission.gaps
    this.finished = emission.finished
    this.preempted = preempted
    this.#list = emission.emitted
  }

  get emitted(): readonly EngineRequest[] {
    return (this.#emitted ??= this.#list())
  }

  /** Before anything changes that the list is made from. */
  keepEmitted(): void {
    this.#emitted = this.#list()
  }
}
