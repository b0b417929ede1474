import { describe, expect, test } from 'vitest'
import { outputToken } from '../text/words.ts'
import { ask, promptOf, run, smallEngine, tokensOf } from './testing/scenario.ts'

describe('the prefix cache', () => {
  test('a second request with the same prompt computes only its tail', () => {
    const engine = smallEngine()
    ask(engine, { length: 100, content: 7 })
    run(engine)
    const again = ask(engine, { length: 100, content: 7 })
    expect(tokensOf(run(engine))[0]).toBe(4)
    expect(again.cachedTokens).toBe(96)
    expect(engine.stats()).toMatchObject({ prefixCacheQueries: 200, prefixCacheHits: 96 })
  })

  test('the last token is always computed, also where its block is cached', () => {
    const engine = smallEngine()
    ask(engine, { length: 64, content: 7 })
    run(engine)
    const again = ask(engine, { length: 64, content: 7 })
    run(engine)
    expect(again.cachedTokens).toBe(48)
  })

  test('blocks are shared as soon as they are scheduled, also within one step', () => {
    const engine = smallEngine({ maxNumBatchedTokens: 1_024 })
    const one = ask(engine, { length: 100, content: 7 })
    const two = ask(engine, { length: 100, content: 7 })
    const [first] = run(engine, [one, two], 0, 1)
    expect(first).toMatchObject({ emitted: [0, 1], step: { scheduledTokens: 104 } })
    expect(two.cachedTokens).toBe(96)
    // 7 blocks of one, and one more for the other's tail.
    expect(engine.freeBlocks()).toBe(64 - 8)
  })

  test('the children of n share the prompt of the first', () => {
    const engine = smallEngine()
    const prompt = promptOf(64, 7)
    const children = [0, 1, 2].map((index) => ask(engine, { id: `${index}_parent`, prompt, outputSeed: index }))
    run(engine, children)
    expect(children.map(({ cachedTokens }) => cachedTokens)).toEqual([0, 48, 48])
  })

  test('a prompt that repeats an answer finds the answer’s blocks', () => {
    const engine = smallEngine()
    const first = ask(engine, { length: 40, content: 1, maxTokens: 60 })
    run(engine)
    const next = promptOf(120, 9)
    next.set(promptOf(40, 1))
    next.set(
      Uint32Array.from({ length: 60 }, (_, index) => outputToken(first.outputSeed, index)),
      40,
    )
    const follow = ask(engine, { prompt: next })
    run(engine)
    // 99 tokens had their KV computed: the last one sampled never was.
    expect(follow.cachedTokens).toBe(96)
  })

  test('a prompt that tells its tokens is the same as one that lists them', () => {
    const engine = smallEngine()
    ask(engine, { length: 100, content: 7 })
    run(engine)
    const told = engine.add(
      {
        id: 'told',
        prompt: { length: 100, at: (index) => 70_000 + index },
        outputSeed: 1,
        maxTokens: 1,
        naturalLength: Infinity,
        arrivedAt: 0,
      },
      0,
    )
    run(engine)
    expect(told.cachedTokens).toBe(96)
  })

  test('is off where it is switched off, and counts nothing', () => {
    const engine = smallEngine({ enablePrefixCaching: false })
    ask(engine, { content: 1 })
    run(engine)
    const again = ask(engine, { content: 1 })
    run(engine)
    expect(again.cachedTokens).toBe(0)
    expect(engine.stats()).toMatchObject({ prefixCacheQueries: 0, prefixCacheHits: 0 })
  })
})

describe('content is lost', () => {
  test('of the least recently used first, and from its end', () => {
    const engine = smallEngine({ numGpuBlocks: 17 })
    for (const content of [1, 2]) {
      ask(engine, { length: 112, content, maxTokens: 1 })
      run(engine)
    }
    // 16 blocks: 7 and 7 cached, 2 never used; 5 more take those and the last 3 of the first.
    ask(engine, { length: 80, content: 3, maxTokens: 1 })
    run(engine)
    const newer = ask(engine, { length: 112, content: 2, maxTokens: 1 })
    run(engine)
    const older = ask(engine, { length: 112, content: 1, maxTokens: 1 })
    run(engine)
    expect([newer.cachedTokens, older.cachedTokens]).toEqual([96, 48])
  })

  test('a hit makes it the most recently used', () => {
    const engine = smallEngine({ numGpuBlocks: 17 })
    for (const content of [1, 2, 1]) {
      ask(engine, { length: 112, content, maxTokens: 1 })
      run(engine)
    }
    ask(engine, { length: 80, content: 3, maxTokens: 1 })
    run(engine)
    const first = ask(engine, { length: 112, content: 1, maxTokens: 1 })
    run(engine)
    expect(first.cachedTokens).toBe(96)
  })

  test('a copy takes over when the first of two is lost', () => {
    const engine = smallEngine({ numGpuBlocks: 13 })
    // Both compute all four blocks: the second may not hit the last one.
    ask(engine, { length: 64, content: 1, maxTokens: 1 })
    const second = ask(engine, { length: 64, content: 1, maxTokens: 20 })
    run(engine, [], 0, 1)
    // 5 are held by the second. 4 never used, 1 copy of the last block: all are taken.
    ask(engine, { length: 80, content: 2, maxTokens: 1 }, 10)
    run(engine, [], 10, 1)
    const third = ask(engine, { length: 70, content: 1, maxTokens: 1 }, 20)
    run(engine, [], 20)
    expect(second.finishReason).toBe('length')
    expect(third.cachedTokens).toBe(64)
  })
})

describe('resetting it', () => {
  test('fails while any block is held, and forgets everything else', () => {
    const engine = smallEngine()
    ask(engine, { length: 64, content: 1 })
    run(engine, [], 0, 1)
    expect(engine.resetPrefixCache()).toBe(false)
    run(engine, [], 10)
    expect(engine.resetPrefixCache()).toBe(true)
    const again = ask(engine, { length: 64, content: 1 })
    run(engine)
    expect(again.cachedTokens).toBe(0)
  })

  test('with running requests: they go back to the queue, in their order, and compute everything again', () => {
    const engine = smallEngine()
    const all = [ask(engine), ask(engine)]
    run(engine, all, 0, 3)
    expect(engine.resetPrefixCache({ resetRunningRequests: true })).toBe(true)
    expect(engine.freeBlocks()).toBe(64)
    const steps = run(engine, all, 30)
    expect(steps[0]).toMatchObject({ emitted: [0, 1], step: { scheduledTokens: 2 * 43 } })
    for (const request of all) expect(request).toMatchObject({ preemptions: 1, outputTokens: 8 })
    expect(engine.stats().preemptions).toBe(2)
  })

  test('with running requests waits for the end of the step in flight', () => {
    const engine = smallEngine()
    const request = ask(engine)
    engine.schedule(0)
    expect(engine.resetPrefixCache({ resetRunningRequests: true })).toBe(true)
    expect(engine.update(10).emitted).toEqual([request])
    expect(request).toMatchObject({ status: 'preempted', outputTokens: 1 })
  })
})
