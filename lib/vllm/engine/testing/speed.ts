import { createEngine, type StepTime } from '../engine.ts'
import type { Engine, EngineConfig, EngineRequest, Tokens } from '../types.ts'

export interface SpeedOptions {
  replicas: number
  users: number
  simulatedMs: number
  config: EngineConfig
  stepTime: StepTime
  /** Tokens that all prompts begin with, and those of its own that each has on average. */
  sharedTokens: number
  ownTokens: number
  /** Means; lengths and pauses are spread evenly from half to one and a half of them. */
  outputTokens: number
  thinkMs: number
}

export interface Speed {
  steps: number
  requests: number
  /** Sequences in the batch, summed over all steps. */
  sequenceSteps: number
  preemptions: number
  endedAtMs: number
}

/** A closed loop of users over several engines in virtual time, with next to nothing around the engines. */
export const playClosedLoop = (options: SpeedOptions): Speed => {
  const { replicas, users, simulatedMs, config, stepTime, sharedTokens, ownTokens, outputTokens, thinkMs } = options
  const random = lcg(1)
  const around = (mean: number): number => Math.round(mean * (0.5 + random()))
  const speed: Speed = { steps: 0, requests: 0, sequenceSteps: 0, preemptions: 0, endedAtMs: 0 }

  const fleet = Array.from({ length: replicas }, (_, replica) => ({
    engine: createEngine(config, stepTime),
    /** When its users ask next, unsorted per second: as cheap as a queue gets. */
    wakes: Array.from({ length: Math.ceil(users / replicas) }, () => around(thinkMs)).sort((a, b) => a - b),
    now: 0,
    replica,
  }))
  const ask = (engine: Engine, now: number): EngineRequest => {
    const id = speed.requests++
    const prompt = promptOf(id, sharedTokens, around(ownTokens))
    const maxTokens = around(outputTokens)
    return engine.add({ id: `${id}`, prompt, outputSeed: id, maxTokens, naturalLength: Infinity, arrivedAt: now }, now)
  }
  for (const one of fleet) {
    const { engine, wakes } = one
    let asked = 0
    while (one.now < simulatedMs) {
      for (let at = wakes[asked]; at !== undefined && at <= one.now; at = wakes[++asked]) ask(engine, at)
      const step = engine.schedule(one.now)
      if (step === null) {
        one.now = Math.max(one.now + 1, wakes[asked] ?? 0)
        continue
      }
      one.now += step.durationMs
      const { finished, emittedCount } = engine.update(one.now)
      speed.steps++
      speed.sequenceSteps += emittedCount
      for (const _ of finished) insert(wakes, one.now + around(thinkMs))
    }
    speed.preemptions += engine.stats().preemptions
    speed.endedAtMs = one.now
  }
  return speed
}

// --- Internal helpers ---

const promptOf = (id: number, shared: number, own: number): Tokens => ({
  length: shared + own,
  at: (index) => (index < shared ? index : Math.imul(id + 1, 0x9e3779b1) + index),
})

/** Keeps the times sorted: new ones belong near the end. */
const insert = (times: number[], at: number): void => {
  let index = times.length
  while (index > 0 && (times[index - 1] ?? 0) > at) index--
  times.splice(index, 0, at)
}

const lcg = (seed: number) => {
  let state = seed
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
