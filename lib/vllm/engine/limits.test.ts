import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { outputToken } from '../text/words.ts'
import { createEngine } from './engine.ts'
import { createShell } from './shell.ts'
import { createPlainCore } from './testing/plain-core.ts'
import { PlainRequest } from './testing/plain-request.ts'
import { playClosedLoop } from './testing/speed.ts'
import { anyConfig, anyHistory, type Happening } from './testing/workload.ts'
import type { Engine, EngineConfig, EngineRequest } from './types.ts'

/** Every request fits in, so that each of them ends. */
const roomy = (config: EngineConfig): EngineConfig => ({
  ...config,
  maxModelLen: 150,
  numGpuBlocks: config.numGpuBlocks + Math.ceil(150 / (1 - 0.2) / config.blockSize) + 1,
  maxNumBatchedTokens: config.enableChunkedPrefill === false ? 150 : config.maxNumBatchedTokens,
  watermark: Math.min(config.watermark ?? 0, 0.2),
})

test('every request ends, as long as it should be, and all blocks come back', () => {
  fc.assert(
    fc.property(anyConfig.map(roomy), anyHistory, (config, history) => {
      const engine = createEngine(config, () => 10)
      const requests = play(engine, history, () => undefined)
      for (const request of requests) {
        expect(request.status).toBe('finished')
        if (request.finishReason !== 'abort') expect(request.outputTokens).toBe(request.targetTokens)
      }
      expect(engine.freeBlocks()).toBe(config.numGpuBlocks - 1)
      expect(engine.stats()).toMatchObject({ running: 0, waiting: 0, kvCacheUsage: 0 })
    }),
    { numRuns: 100 },
  )
})

test('budget and seats are never exceeded, and usage is what is not free', () => {
  fc.assert(
    fc.property(anyConfig.map(roomy), anyHistory, (config, history) => {
      const engine = createEngine(config, () => 10)
      play(engine, history, ({ scheduledTokens }) => {
        expect(scheduledTokens).toBeLessThanOrEqual(config.maxNumBatchedTokens)
        const { running, kvCacheUsage } = engine.stats()
        expect(running).toBeLessThanOrEqual(config.maxNumSeqs)
        expect(kvCacheUsage).toBeCloseTo(1 - engine.freeBlocks() / (config.numGpuBlocks - 1), 12)
      })
    }),
    { numRuns: 100 },
  )
})

test('no block is lost, held twice by one request, or shared by requests that differ in it', () => {
  fc.assert(
    fc.property(anyConfig.map(roomy), anyHistory, (config, history) => {
      const engine = createShell(config, createPlainCore(config), () => 10)
      play(engine, history, (_, requests) => {
        const held = new Map<number, string>()
        for (const request of requests) {
          if (!(request instanceof PlainRequest)) throw new Error('not a plain request')
          if (new Set(request.blocks).size < request.blocks.length) throw new Error(`${request.id} holds a block twice`)
          for (const [index, block] of request.blocks.entries()) {
            const own = index >= request.registeredBlocks
            const content = own ? `${request.id} own` : textOf(request, index, config.blockSize)
            if ((held.get(block) ?? content) !== content) throw new Error(`block ${block} is shared by strangers`)
            held.set(block, content)
          }
        }
        expect(engine.freeBlocks()).toBe(config.numGpuBlocks - 1 - held.size)
      })
    }),
    { numRuns: 30 },
  )
})

test('first come, first served: whoever starts was first in line, preempted ones before all others', () => {
  fc.assert(
    fc.property(anyConfig.map(roomy), anyHistory, (config, history) => {
      const engine = createEngine({ ...config, policy: 'fcfs' }, () => 10)
      let line: EngineRequest[] = []
      const seen = new Set<EngineRequest>()
      play(engine, withoutCalls(history), (_, requests, preempted) => {
        for (const request of requests) {
          if (!seen.has(request)) line.push(request)
          seen.add(request)
        }
        line = line.filter(({ finishReason }) => finishReason !== 'abort')
        const started = line.filter(({ status }) => status === 'running' || status === 'finished')
        expect(started).toEqual(line.slice(0, started.length))
        line = line.slice(started.length)
        for (const request of preempted) if (request.finishReason === null) line.unshift(request)
      })
    }),
    { numRuns: 100 },
  )
})

test('where nothing is evicted, a request hits what any before it has in common with it, but for its last token', () => {
  const prompts = fc.array(
    fc.record({ prefix: fc.nat(2), shared: fc.nat(40), own: fc.nat(3), length: fc.integer({ min: 1, max: 90 }) }),
    { minLength: 2, maxLength: 20 },
  )
  fc.assert(
    fc.property(prompts, fc.constantFrom(1, 4, 16), (wanted, blockSize) => {
      const config = { blockSize, numGpuBlocks: 20_000, maxModelLen: 200, maxNumSeqs: 4, maxNumBatchedTokens: 200 }
      const engine = createEngine({ ...config, enablePrefixCaching: true }, () => 10)
      const computed: number[][] = []
      for (const [id, { prefix, shared, own, length }] of wanted.entries()) {
        const tokens = Array.from({ length }, (_, at) => (at < shared ? prefix * 1_000 + at : 9_000 + own * 1_000 + at))
        const request = engine.add(
          {
            id: `${id}`,
            prompt: Uint32Array.from(tokens),
            outputSeed: 1,
            maxTokens: 1,
            naturalLength: 1,
            arrivedAt: 0,
          },
          0,
        )
        drain(engine)
        const most = Math.max(0, ...computed.map((other) => commonBlocks(tokens, other, blockSize)))
        expect(request.cachedTokens).toBe(Math.min(most, Math.floor((length - 1) / blockSize)) * blockSize)
        computed.push(tokens)
      }
    }),
    { numRuns: 200 },
  )
})

test('a step costs no more for a hundred times as many sequences that only decode', () => {
  const costOf = (users: number): number => {
    const config = { blockSize: 16, numGpuBlocks: 300_000, maxModelLen: 4_096, maxNumSeqs: 2_000 }
    const before = process.threadCpuUsage()
    playClosedLoop({
      replicas: 1,
      users,
      simulatedMs: 30_000,
      config: { ...config, maxNumBatchedTokens: 8_192, enablePrefixCaching: true },
      stepTime: () => 1,
      sharedTokens: 10,
      ownTokens: 10,
      outputTokens: 3_000_000,
      thinkMs: 10,
    })
    return process.threadCpuUsage(before).user
  }
  costOf(10)
  expect(costOf(1_000)).toBeLessThan(10 * costOf(10))
})

// --- Internal helpers ---

const withoutCalls = (history: readonly Happening[]): Happening[] => history.map((one) => ({ ...one, call: null }))

/** Plays what happens, but for calls that pause for ever; then as many steps as are left. */
const play = (
  engine: Engine,
  history: readonly Happening[],
  afterStep: (
    step: { scheduledTokens: number },
    requests: EngineRequest[],
    preempted: readonly EngineRequest[],
  ) => void,
): EngineRequest[] => {
  const requests: EngineRequest[] = []
  let now = 0
  for (let turn = 0; turn < history.length || engine.hasWork(); turn++) {
    if (turn > 20_000) throw new Error('the engine never ends')
    const { arrive, abort, call } = history[turn] ?? { arrive: [], abort: [], call: null }
    for (const init of arrive) requests.push(engine.add({ ...init, id: `${requests.length}`, arrivedAt: now }, now))
    if (call?.kind === 'reset') engine.resetPrefixCache(call)
    const step = engine.schedule(now)
    for (const one of abort) {
      const request = requests[one.request]
      if (request !== undefined) engine.abort(request)
    }
    if (step === null) continue
    now += step.durationMs
    const { preempted } = engine.update(now)
    afterStep(step, requests, preempted)
  }
  return requests
}

const drain = (engine: Engine): void => {
  for (let step = engine.schedule(0); step !== null; step = engine.schedule(0)) engine.update(1)
}

const texts = new WeakMap<PlainRequest, string[]>()

/** All tokens up to the end of a block. */
const textOf = (request: PlainRequest, block: number, blockSize: number): string => {
  const { prompt, outputSeed } = request
  const known = texts.get(request) ?? []
  texts.set(request, known)
  for (let index = known.length; index <= block; index++) {
    const tokens = Array.from({ length: blockSize }, (_, offset) => index * blockSize + offset)
    const text = tokens.map((at) => prompt.at(at) ?? outputToken(outputSeed, at - prompt.length)).join(' ')
    known.push(`${known[index - 1] ?? ''} ${text}`)
  }
  return known[block] ?? ''
}

const commonBlocks = (one: readonly number[], other: readonly number[], blockSize: number): number => {
  const same = one.findIndex((token, index) => token !== other[index])
  return Math.floor(Math.min(same === -1 ? one.length : same, other.length) / blockSize)
}
