import { createEngine } from '../engine.ts'
import type { Engine, EngineConfig, EngineRequest, RequestInit, Step } from '../types.ts'

const CONFIG: EngineConfig = {
  blockSize: 16,
  numGpuBlocks: 65,
  maxModelLen: 1_024,
  maxNumSeqs: 4,
  maxNumBatchedTokens: 128,
  enablePrefixCaching: true,
}

/** 64 blocks of 16 tokens, 4 sequences, 128 tokens a step; every step takes 10 ms. */
export const smallEngine = (config: Partial<EngineConfig> = {}): Engine =>
  createEngine({ ...CONFIG, ...config }, () => 10)

/** A prompt whose tokens depend on `content`: equal contents share their prefix. */
export const promptOf = (length: number, content: number): Uint32Array =>
  Uint32Array.from({ length }, (_, index) => content * 10_000 + index)

export interface Wanted extends Partial<Omit<RequestInit, 'prompt'>> {
  /** Tokens of the prompt, and what they are. */
  length?: number
  content?: number
  prompt?: Uint32Array
}

let asked = 0

/** By default 40 tokens that nobody else has, and 8 tokens of answer. */
export const ask = (engine: Engine, wanted: Wanted = {}, now = 0): EngineRequest => {
  const number = ++asked
  const { length = 40, content = number, prompt = promptOf(length, content), ...rest } = wanted
  return engine.add(
    { id: `${number}`, prompt, outputSeed: number, maxTokens: 8, naturalLength: Infinity, arrivedAt: now, ...rest },
    now,
  )
}

export interface Played {
  step: Step
  /** Who got a token, as positions in `watched`. */
  emitted: number[]
  preempted: number[]
  running: number
  waiting: number
}

/** Takes `most` steps, or all that there are, and tells of each what happened to the watched ones. */
export const run = (engine: Engine, watched: readonly EngineRequest[] = [], from = 0, most = 10_000): Played[] => {
  const steps: Played[] = []
  let now = from
  const positions = (requests: readonly EngineRequest[]): number[] => requests.map((one) => watched.indexOf(one))
  while (steps.length < most) {
    const step = engine.schedule(now)
    if (step === null) return steps
    now += step.durationMs
    const outcome = engine.update(now)
    const { running, waiting } = engine.stats()
    steps.push({
      step: { ...step },
      emitted: positions(outcome.emitted),
      preempted: positions(outcome.preempted),
      running,
      waiting,
    })
  }
  if (most === 10_000) throw new Error('the engine never ends')
  return steps
}

/** Tokens scheduled in each step. */
export const tokensOf = (steps: readonly Played[]): number[] => steps.map(({ step }) => step.scheduledTokens)
