import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventCore } from './event-core.ts'
import { createShell } from './shell.ts'
import { createPlainCore } from './testing/plain-core.ts'
import { anyConfig, anyHistory, type Call, type Happening } from './testing/workload.ts'
import type { Batch, Engine, EngineRequest, StepOutcome } from './types.ts'

/** Every step at another time, so that gaps tell which steps they span. */
const stepTime = ({ prefillTokens, prefillPairs, decodeSequences, contextTokens }: Batch): number =>
  10 + prefillTokens + prefillPairs / 64 + decodeSequences / 8 + contextTokens / 128

/** Set the variable for a long search. */
const RUNS = Number(process.env['FIREDRILL_RUNS'] ?? 300)

test('the calendar gives step by step what a look at every request gives', { timeout: 20_000 + RUNS * 200 }, () => {
  fc.assert(
    fc.property(anyConfig, anyHistory, (config, history) => {
      // A calendar of few pages is hung up again and again.
      const pages = history.length % 2 === 0 ? undefined : 1 + (history.length % 23)
      const fast = play(createShell(config, createEventCore(config, pages), stepTime), history)
      for (const plain of play(createShell(config, createPlainCore(config), stepTime), history)) {
        const one: unknown = fast.next().value
        if (JSON.stringify(one) !== JSON.stringify(plain)) expect(one).toEqual(plain)
      }
      expect(fast.next().done).toBe(true)
    }),
    // A counterexample is made smaller for as long, and no longer.
    { numRuns: RUNS, interruptAfterTimeLimit: 60_000 + RUNS * 100, markInterruptAsFailure: true },
  )
})

// --- Internal helpers ---

/** The history, and then as many steps as it takes to end. Yields all that can be seen from outside. */
function* play(engine: Engine, history: readonly Happening[]): Generator<unknown> {
  const requests: EngineRequest[] = []
  const ended = new Set<EngineRequest>()
  let now = 0
  /** Whoever has ended is looked at once more. */
  const look = (): unknown => {
    const shown = requests.filter((request) => !ended.has(request))
    for (const request of shown) if (request.status === 'finished') ended.add(request)
    return shown.map(visible)
  }
  for (let turn = 0; turn < history.length + 100; turn++) {
    const happening = history[turn] ?? { arrive: [], abort: [], call: null, callDuring: false }
    for (const init of happening.arrive) {
      requests.push(engine.add({ ...init, id: String(requests.length), arrivedAt: now - (requests.length % 3) }, now))
    }
    const act = (during: boolean): unknown => {
      for (const one of happening.abort) {
        const request = requests[one.request]
        if (one.during === during && request !== undefined) engine.abort(request)
      }
      return happening.call !== null && happening.callDuring === during ? make(engine, happening.call) : null
    }
    const answers = [act(false)]
    const step = engine.schedule(now)
    const atStart = look()
    answers.push(act(true))
    if (step === null) {
      yield { answers, atStart, after: look(), stats: { ...engine.stats() } }
      if (turn > history.length) return
      now += 7
      continue
    }
    if (turn % 5 === 0) {
      const late = history[(turn * 7) % history.length]?.arrive[0]
      if (late !== undefined) requests.push(engine.add({ ...late, id: `late ${turn}`, arrivedAt: now + 1 }, now + 1))
    }
    now += step.durationMs
    const outcome = seen(engine.update(now))
    yield {
      answers,
      atStart,
      // The core's own requests, which the outcome tells by their ids.
      step: { ...step, preempted: null },
      outcome,
      after: look(),
      stats: { ...engine.stats() },
      free: engine.freeBlocks(),
      unfinished: engine.unfinished(),
      hasWork: engine.hasWork(),
    }
  }
}

const make = (engine: Engine, call: Call): unknown => {
  if (call.kind === 'pause') return engine.pause(call.mode, call).map(({ id }) => id)
  if (call.kind === 'reset') return engine.resetPrefixCache(call)
  return engine.resume()
}

const ids = (requests: readonly EngineRequest[]): string[] => requests.map(({ id }) => id)

const seen = (outcome: StepOutcome): unknown => {
  const gaps = new Map<number, number>()
  for (const { gapMs, count } of outcome.gaps) gaps.set(gapMs, (gaps.get(gapMs) ?? 0) + count)
  return {
    endedAt: outcome.endedAt,
    emittedCount: outcome.emittedCount,
    emitted: ids(outcome.emitted),
    firstTokens: ids(outcome.firstTokens),
    finished: ids(outcome.finished),
    preempted: ids(outcome.preempted),
    aborted: ids(outcome.aborted),
    gaps: [...gaps].toSorted(([one], [other]) => one - other),
  }
}

const visible = (request: EngineRequest): Record<keyof EngineRequest, unknown> => ({
  id: request.id,
  prompt: request.prompt.length,
  outputSeed: request.outputSeed,
  maxTokens: request.maxTokens,
  targetTokens: request.targetTokens,
  naturalLength: request.naturalLength,
  priority: request.priority,
  status: request.status,
  finishReason: request.finishReason,
  computedTokens: request.computedTokens,
  outputTokens: request.outputTokens,
  cachedTokens: request.cachedTokens,
  preemptions: request.preemptions,
  heldBlocks: request.heldBlocks,
  arrivedAt: request.arrivedAt,
  queuedAt: request.queuedAt,
  scheduledAt: request.scheduledAt,
  firstTokenAt: request.firstTokenAt,
  previousTokenAt: request.previousTokenAt,
  lastTokenAt: request.lastTokenAt,
})
