import { describe, expect, test } from 'vitest'
import { ask, run, smallEngine, tokensOf } from './testing/scenario.ts'

describe('one request', () => {
  test('prefills in one step, then one token a step, then frees its blocks', () => {
    const engine = smallEngine()
    const request = ask(engine)
    expect(tokensOf(run(engine))).toEqual([40, 1, 1, 1, 1, 1, 1, 1])
    expect(request).toMatchObject({ status: 'finished', finishReason: 'length', outputTokens: 8, scheduledAt: 0 })
    expect(request).toMatchObject({ firstTokenAt: 10, previousTokenAt: 70, lastTokenAt: 80, heldBlocks: 0 })
    expect(engine.freeBlocks()).toBe(64)
    expect(engine.stats()).toMatchObject({ running: 0, waiting: 0, kvCacheUsage: 0 })
  })

  test('needs another block with the first token behind a full one', () => {
    const engine = smallEngine()
    const request = ask(engine, { length: 30, maxTokens: 40 })
    const held: number[] = []
    for (let now = 0; now < 60; now += 10) {
      run(engine, [], now, 1)
      held.push(request.heldBlocks)
    }
    // 30, 31, 32 tokens fill two blocks; the 33rd opens a third.
    expect(held).toEqual([2, 2, 2, 3, 3, 3])
  })

  test('while it decodes, what is seen of it is right at any time', () => {
    const engine = smallEngine()
    const request = ask(engine, { maxTokens: 20 })
    run(engine, [], 0, 5)
    expect(request).toMatchObject({ outputTokens: 5, computedTokens: 44, previousTokenAt: 40, lastTokenAt: 50 })
    engine.schedule(50)
    expect(request).toMatchObject({ outputTokens: 5, computedTokens: 45, lastTokenAt: 50 })
    engine.update(75)
    expect(request).toMatchObject({ outputTokens: 6, computedTokens: 45, previousTokenAt: 50, lastTokenAt: 75 })
  })

  test('ends by itself where the model would, and at the context limit', () => {
    const engine = smallEngine({ maxModelLen: 64 })
    const stopped = ask(engine, { naturalLength: 3 })
    const full = ask(engine, { maxTokens: 500 })
    run(engine)
    expect(stopped).toMatchObject({ outputTokens: 3, finishReason: 'stop' })
    expect(full).toMatchObject({ outputTokens: 24, finishReason: 'length' })
  })
})

describe('what comes during a step', () => {
  test('a request waits in the input queue: no gauge knows of it before the next step', () => {
    const engine = smallEngine({ maxNumSeqs: 1 })
    ask(engine)
    engine.schedule(0)
    const late = ask(engine, {}, 3)
    expect(engine.unfinished()).toBe(2)
    engine.update(10)
    expect(engine.stats()).toMatchObject({ running: 1, waiting: 0 })
    engine.schedule(12)
    expect(late).toMatchObject({ arrivedAt: 3, queuedAt: 12 })
    engine.update(20)
    expect(engine.stats()).toMatchObject({ running: 1, waiting: 1 })
  })

  test('a request that comes right after the step is behind it', () => {
    const engine = smallEngine({ maxNumSeqs: 1 })
    ask(engine)
    engine.schedule(0)
    const during = ask(engine, {}, 3)
    engine.update(10)
    const after = ask(engine, {}, 11)
    run(engine, [], 12)
    expect(during.scheduledAt).toBeLessThan(after.scheduledAt)
  })

  test('an abort comes before the tokens of the step, and one more step moves the gauges', () => {
    const engine = smallEngine()
    const request = ask(engine, { maxTokens: 100 })
    engine.schedule(0)
    engine.abort(request)
    expect(engine.freeBlocks()).toBeLessThan(64)
    expect(engine.update(10)).toMatchObject({ emitted: [], emittedCount: 0, gaps: [] })
    expect(request).toMatchObject({ status: 'finished', finishReason: 'abort', outputTokens: 0 })
    engine.abort(request)
    expect(engine.freeBlocks()).toBe(64)
    expect(engine.schedule(10)).toMatchObject({ scheduledTokens: 0, durationMs: 0 })
    engine.update(10)
    expect(engine.hasWork()).toBe(false)
  })

  test('a request that comes and goes during one step is never scheduled', () => {
    const engine = smallEngine()
    ask(engine)
    engine.schedule(0)
    const gone = ask(engine, {}, 2)
    engine.abort(gone)
    engine.update(10)
    run(engine, [], 10)
    expect(gone).toMatchObject({ status: 'finished', finishReason: 'abort', scheduledAt: Number.NaN })
  })

  test('a step that never ends freezes all gauges and counters, whatever comes', () => {
    const engine = smallEngine({ numGpuBlocks: 10 })
    ask(engine, { content: 1, length: 60, maxTokens: 60 })
    ask(engine, { content: 1, length: 60, maxTokens: 60 })
    run(engine, [], 0, 3)
    const before = { ...engine.stats() }
    engine.schedule(30)
    const late = ask(engine, {}, 40)
    engine.abort(late)
    engine.pause('abort', { clearCache: true })
    expect(engine.stats()).toEqual(before)
  })
})

test('a shutdown ends everything at once, also what has not been queued', () => {
  const engine = smallEngine({ maxNumSeqs: 1 })
  const running = ask(engine)
  const waiting = ask(engine)
  engine.schedule(0)
  const late = ask(engine)
  expect(new Set(engine.abortAll(5))).toEqual(new Set([running, waiting, late]))
  for (const request of [running, waiting, late]) expect(request.finishReason).toBe('abort')
  expect(engine.freeBlocks()).toBe(64)
})

test('tokens of a step are told as firsts and as gaps', () => {
  const engine = smallEngine()
  const [one, two] = [ask(engine), ask(engine)]
  run(engine, [], 0, 2)
  const three = ask(engine, {}, 20)
  engine.schedule(20)
  const outcome = engine.update(35)
  expect(outcome).toMatchObject({ emittedCount: 3, firstTokens: [three], gaps: [{ gapMs: 15, count: 2 }] })
  expect(outcome.emitted).toEqual([one, two, three])
})

test('a request of another engine is refused', () => {
  expect(() => smallEngine().abort({ ...ask(smallEngine()) })).toThrow('another engine')
})
