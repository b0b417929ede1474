import { isDeepStrictEqual } from 'node:util'
import { outputToken } from '../../text/words.ts'
import type { Engine, EngineConfig, EngineRequest, FinishReason, PauseMode, RequestInit } from '../types.ts'

/** What `scripts/record-scheduler.ts` writes. Requests are told by their place in `requests`. */
export interface Recording {
  about: string
  vllm: string
  histories: History[]
}

export interface History {
  config: Required<EngineConfig>
  requests: PlannedRequest[]
  turns: (Input & Seen)[]
}

interface PlannedRequest extends Pick<RequestInit, 'id' | 'maxTokens' | 'arrivedAt'> {
  prompt: ['text' | 'answer', which: number, tokens: number][]
  answer: number
  naturalLength: number | null
  priority: number
}

/** Before a step, and while it is under way. */
interface Input {
  before?: Happening[]
  during?: Happening[]
}

type Happening =
  | { add: number }
  | { abort: number }
  | { pause: PauseMode; clearCache: boolean }
  | { resume: true }
  | { reset: boolean }

interface Step {
  /** Tokens that each is further as soon as the step is chosen: scheduled ones, hits of an admission; back to 0 where preempted. */
  advance: Record<string, number>
  /** Since the last step that moved anybody. */
  preempted?: number[]
  emitted: number[]
  running: number
  waiting: number
  usedBlocks: number
  queries: number
  hits: number
}

/** What can be seen of one turn from outside. */
export interface Seen {
  step?: Step
  /** Of resets. */
  answers?: boolean[]
  finished?: [number, FinishReason][]
}

/** The first turn in which the engine does not do what vLLM did; null where there is none. */
export const firstDifference = (engine: Engine, history: History): Difference | null => {
  let turn = 0
  for (const model of replay(engine, history)) {
    const { before: _before, during: _during, ...vllm } = at(history.turns, turn)
    // Between steps nothing but what was answered and who was ended by it can be seen.
    if (vllm.step === undefined && Object.keys(model.step?.advance ?? {}).length === 0) delete model.step
    if (!isDeepStrictEqual(model, vllm)) return { turn, vllm, model }
    turn++
  }
  return null
}

export interface Difference {
  turn: number
  vllm: Seen
  model: Seen
}

// --- Internal helpers ---

const STEP_MS = 10

/** Gives the engine what vLLM was given, turn by turn. Without a step, the gauges are as they were. */
function* replay(engine: Engine, { config, requests, turns }: History): Generator<Seen> {
  const all: EngineRequest[] = []
  const places = new Map<EngineRequest, number>()
  const ended = new Set<EngineRequest>()
  const counted = { queries: 0, hits: 0 }
  let preemptions: number[] = []
  let answers: boolean[] = []

  const happen = (happening: Happening, now: number): void => {
    if ('add' in happening) {
      const request = engine.add(initOf(at(requests, happening.add), config), now)
      places.set(request, all.length)
      all.push(request)
    } else if ('abort' in happening) engine.abort(at(all, happening.abort))
    else if ('pause' in happening) engine.pause(happening.pause, happening)
    else if ('reset' in happening) answers.push(engine.resetPrefixCache({ resetRunningRequests: happening.reset }))
    else engine.resume()
  }
  const advanceSince = (computed: readonly number[]): Pick<Step, 'advance' | 'preempted'> => {
    const advances = computed.map((tokens, index) => [index, at(all, index).computedTokens - tokens] as const)
    const advance = Object.fromEntries(advances.filter(([, tokens]) => tokens !== 0))
    if (Object.keys(advance).length === 0) return { advance }
    const before = preemptions
    preemptions = all.map((request) => request.preemptions)
    const more = preemptions.map((times, index) => Array<number>(times - (before[index] ?? 0)).fill(index))
    return { advance, preempted: more.flat() }
  }
  const gaugesAndCounters = (): Omit<Step, 'advance' | 'emitted'> => {
    const { running, waiting, kvCacheUsage, prefixCacheQueries, prefixCacheHits } = engine.stats()
    const queries = prefixCacheQueries - counted.queries
    const hits = prefixCacheHits - counted.hits
    counted.queries = prefixCacheQueries
    counted.hits = prefixCacheHits
    return { running, waiting, usedBlocks: Math.round(kvCacheUsage * (config.numGpuBlocks - 1)), queries, hits }
  }

  for (const [turn, { before = [], during = [] }] of turns.entries()) {
    const now = turn * STEP_MS
    answers = []
    for (const happening of before) happen(happening, now)
    const computed = all.map(({ computedTokens }) => computedTokens)
    const hasStep = engine.schedule(now) !== null
    const advance = advanceSince(computed)
    for (const happening of during) happen(happening, now)
    const emitted = hasStep ? engine.update(now + STEP_MS).emitted.map((request) => places.get(request) ?? -1) : []
    const finished: [number, FinishReason][] = []
    for (const [index, request] of all.entries()) {
      if (request.finishReason === null || ended.has(request)) continue
      ended.add(request)
      finished.push([index, request.finishReason])
    }
    yield {
      step: { ...advance, emitted, ...gaugesAndCounters() },
      ...(answers.length === 0 ? {} : { answers }),
      ...(finished.length === 0 ? {} : { finished }),
    }
  }
}

const at = <T>(list: readonly T[], index: number): T => {
  const one = list[index]
  if (one === undefined) throw new Error(`expected a recorded request ${index}, found ${list.length}`)
  return one
}

/** Tokens as `prompt_of` of the script makes them. */
const initOf = (planned: PlannedRequest, { policy }: EngineConfig): RequestInit => ({
  id: planned.id,
  prompt: Uint32Array.from(
    planned.prompt.flatMap(([kind, which, length]) =>
      Array.from({ length }, (_, index) =>
        kind === 'answer' ? outputToken(which, index) : 2_000 + 1_000 * which + index,
      ),
    ),
  ),
  outputSeed: planned.answer,
  maxTokens: planned.maxTokens,
  naturalLength: planned.naturalLength ?? Number.POSITIVE_INFINITY,
  arrivedAt: planned.arrivedAt,
  priority: policy === 'priority' ? planned.priority : 0,
})
