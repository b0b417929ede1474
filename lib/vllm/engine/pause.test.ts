import { expect, test } from 'vitest'
import { ask, run, smallEngine } from './testing/scenario.ts'

test('abort: everything ends, new requests wait, and no gauge knows of them', () => {
  const engine = smallEngine()
  const running = ask(engine)
  run(engine, [], 0, 2)
  expect(engine.pause('abort')).toEqual([running])
  expect(running.finishReason).toBe('abort')
  // One empty step sets the gauges.
  expect(run(engine)).toHaveLength(1)
  const late = ask(engine)
  expect([engine.hasWork(), engine.schedule(50), engine.isPaused()]).toEqual([false, null, true])
  expect(engine.stats()).toMatchObject({ running: 0, waiting: 0 })
  expect(engine.unfinished()).toBe(1)
  engine.resume()
  run(engine)
  expect([late.finishReason, engine.isPaused()]).toEqual(['length', false])
})

test('abort: blocks are freed, and later reused, in the order in which the requests came', () => {
  const engine = smallEngine({ policy: 'priority' })
  ask(engine, { length: 64, content: 1, priority: 1 })
  ask(engine, { length: 64, content: 2, priority: 0 })
  run(engine, [], 0, 1)
  engine.pause('abort')
  engine.resume()
  // Two blocks more than there are without content.
  ask(engine, { length: 58 * 16, content: 3, maxTokens: 1 })
  run(engine)
  const again = ask(engine, { length: 64, content: 2 })
  run(engine)
  expect(again.cachedTokens).toBe(48)
})

test('wait: what runs finishes, what waits does not begin', () => {
  const engine = smallEngine({ maxNumSeqs: 1 })
  const [running, waiting] = [ask(engine), ask(engine)]
  run(engine, [], 0, 2)
  expect(engine.pause('wait')).toEqual([])
  run(engine)
  expect([running.status, waiting.status]).toEqual(['finished', 'waiting'])
})

test('wait: after the last has finished, one empty step counts who came meanwhile', () => {
  const engine = smallEngine()
  ask(engine, { maxTokens: 2 })
  run(engine, [], 0, 1)
  engine.pause('wait')
  engine.schedule(10)
  ask(engine)
  engine.update(20)
  expect([engine.stats().waiting, engine.hasWork()]).toEqual([0, true])
  expect(run(engine, [], 20)).toMatchObject([{ step: { scheduledTokens: 0 }, waiting: 1 }])
})

test('keep: everything stays where it is, and goes on later', () => {
  const engine = smallEngine()
  const request = ask(engine)
  run(engine, [], 0, 2)
  engine.pause('keep')
  expect(engine.schedule(20)).toBe(null)
  engine.resume()
  engine.schedule(500)
  const { gaps } = engine.update(510)
  expect([request.outputTokens, gaps]).toEqual([3, [{ gapMs: 490, count: 1 }]])
})

test('keep: an abort takes one empty step in which nobody gets a token', () => {
  const engine = smallEngine()
  const [stays, goes] = [ask(engine), ask(engine)]
  run(engine, [], 0, 2)
  engine.pause('keep')
  engine.abort(goes)
  expect(engine.schedule(20)).toMatchObject({ scheduledTokens: 0, decodeSequences: 0, contextTokens: 0 })
  expect(engine.update(20)).toMatchObject({ emittedCount: 0, emitted: [] })
  expect([stays.outputTokens, engine.stats().running]).toEqual([2, 1])
})

test.each(['abort', 'wait', 'keep'] as const)('%s: with the cache, which is empty afterwards', (mode) => {
  const engine = smallEngine()
  const before = ask(engine, { length: 64, content: 1 })
  run(engine, [], 0, 2)
  engine.pause(mode, { clearCache: true })
  run(engine)
  engine.resume()
  const after = ask(engine, { length: 64, content: 1, maxTokens: 1 })
  run(engine)
  // A request that is kept computes everything again, and what it has computed can be shared again.
  expect(after.cachedTokens).toBe(mode === 'keep' ? 48 : 0)
  expect(before.preemptions).toBe(mode === 'keep' ? 1 : 0)
  expect(engine.freeBlocks()).toBe(64)
})

test('during a step it takes effect at its end, and the outcome tells whom it ended', () => {
  const engine = smallEngine()
  const request = ask(engine)
  engine.schedule(0)
  expect(engine.pause('abort')).toEqual([])
  const outcome = engine.update(10)
  expect(outcome.aborted).toEqual([request])
  expect(outcome.emitted).toEqual([request])
  expect(request).toMatchObject({ outputTokens: 1, finishReason: 'abort' })
})
