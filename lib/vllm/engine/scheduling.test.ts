import { describe, expect, test } from 'vitest'
import { ask, run, smallEngine, tokensOf } from './testing/scenario.ts'

describe('the token budget of a step', () => {
  test('cuts a long prompt into chunks', () => {
    const engine = smallEngine()
    ask(engine, { length: 300, maxTokens: 1 })
    expect(tokensOf(run(engine))).toEqual([128, 128, 44])
  })

  test('goes to those that run before those that wait', () => {
    const engine = smallEngine()
    ask(engine)
    run(engine, [], 0, 1)
    ask(engine, { length: 300 }, 10)
    expect(engine.schedule(10)).toMatchObject({ decodeSequences: 1, prefillTokens: 127, scheduledTokens: 128 })
  })

  test('the rest of a prompt comes before the next prompt, which gets what is left', () => {
    const engine = smallEngine()
    const [long, next] = [ask(engine, { length: 200, maxTokens: 3 }), ask(engine, { length: 100, maxTokens: 3 })]
    const steps = run(engine, [long, next])
    expect(tokensOf(steps)).toEqual([128, 72 + 56, 1 + 44, 2, 1])
    expect(steps.map(({ emitted }) => emitted)).toEqual([[], [0], [0, 1], [0, 1], [1]])
  })

  test('where it is smaller than the batch, the last of the batch wait for a step', () => {
    const engine = smallEngine({ maxNumBatchedTokens: 3, maxNumSeqs: 4 })
    const all = [1, 2, 3, 4].map(() => ask(engine, { length: 1, maxTokens: 3 }))
    const steps = run(engine, all)
    expect(steps.map(({ emitted }) => emitted)).toEqual([[0, 1, 2], [0, 1, 2], [0, 1, 2], [3], [3], [3]])
  })

  test('costs are told apart: tokens of chunks and what they attend to, decoding sequences and their context', () => {
    const engine = smallEngine()
    ask(engine, { length: 30 })
    run(engine, [], 0, 1)
    ask(engine, { length: 300 }, 10)
    run(engine, [], 10, 1)
    // 32 tokens attend to themselves and 31 before; 126 tokens to the 127 before them and to each other.
    expect(engine.schedule(20)).toMatchObject({
      decodeSequences: 1,
      contextTokens: 32,
      prefillTokens: 127,
      prefillPairs: 127 * 127 + (127 * 128) / 2,
    })
  })
})

describe('--long-prefill-token-threshold', () => {
  test('limits each prompt, so that more of them share a step', () => {
    const engine = smallEngine({ longPrefillTokenThreshold: 50 })
    for (const _ of [1, 2, 3]) ask(engine, { length: 120, maxTokens: 1 })
    expect(tokensOf(run(engine))).toEqual([50 + 50 + 28, 50 + 50 + 28, 20 + 20 + 50, 14])
  })

  test('does not limit the only request', () => {
    const engine = smallEngine({ longPrefillTokenThreshold: 50 })
    ask(engine, { length: 120, maxTokens: 1 })
    expect(tokensOf(run(engine))).toEqual([120])
  })

  test('a decode behind a chunk that took the budget waits for the next step', () => {
    const engine = smallEngine({ longPrefillTokenThreshold: 60, maxNumBatchedTokens: 64 })
    const long = ask(engine, { length: 180, maxTokens: 1 })
    const [two, three] = [ask(engine, { length: 2, maxTokens: 9 }), ask(engine, { length: 2, maxTokens: 9 })]
    const steps = run(engine, [long, two, three], 0, 3)
    expect(tokensOf(steps)).toEqual([64, 62, 62])
    expect(steps.map(({ emitted }) => emitted)).toEqual([
      [1, 2],
      [1, 2],
      [0, 1, 2],
    ])
  })
})

test('without chunked prefill a prompt waits until it fits the budget whole', () => {
  const engine = smallEngine({ enableChunkedPrefill: false })
  const [one, two] = [ask(engine, { length: 100, maxTokens: 2 }), ask(engine, { length: 100, maxTokens: 1 })]
  const steps = run(engine, [one, two])
  expect(tokensOf(steps)).toEqual([100, 1 + 100])
  expect(steps.map(({ emitted }) => emitted)).toEqual([[0], [0, 1]])
})

describe('admission', () => {
  test('stops at --max-num-seqs, and goes on in the order of arrival', () => {
    const engine = smallEngine({ maxNumSeqs: 2 })
    const all = [2, 4, 1, 1].map((maxTokens) => ask(engine, { length: 10, maxTokens }))
    const steps = run(engine, all)
    expect(steps.map(({ emitted }) => emitted)).toEqual([
      [0, 1],
      [0, 1],
      [1, 2],
      [1, 3],
    ])
    expect(steps.map(({ running, waiting }) => [running, waiting])).toEqual([
      [2, 2],
      [1, 2],
      [1, 1],
      [0, 0],
    ])
  })

  test('the head of the queue blocks those behind it, also where they would fit', () => {
    const engine = smallEngine({ numGpuBlocks: 21, maxNumBatchedTokens: 1_024 })
    ask(engine, { length: 200, maxTokens: 100 })
    const [big, small] = [ask(engine, { length: 200 }), ask(engine, { length: 16 })]
    run(engine, [], 0, 1)
    expect([big.status, small.status]).toEqual(['waiting', 'waiting'])
    expect(engine.stats()).toMatchObject({ running: 1, waiting: 2 })
  })

  test('asks for room for the whole prompt; before March 2026 for its first chunk', () => {
    // 20 blocks: 13 are held, 7 free; the second prompt has 13, its first chunk 1.
    const second = [true, false].map((reserveFullPrompt) => {
      const engine = smallEngine({ numGpuBlocks: 21, maxNumBatchedTokens: 201, reserveFullPrompt })
      ask(engine, { length: 200, maxTokens: 20 })
      const request = ask(engine, { length: 200 })
      run(engine, [], 0, 1)
      return request.status
    })
    expect(second).toEqual(['waiting', 'running'])
  })

  test('leaves the watermark free while something runs', () => {
    const status = (watermark: number, alone: boolean): string => {
      const engine = smallEngine({ numGpuBlocks: 21, watermark })
      if (!alone) ask(engine, { length: 100, maxTokens: 50 })
      const request = ask(engine, { length: 190, maxTokens: 5 })
      run(engine, [], 0, 2)
      return request.status
    }
    // 7 + 12 of 20 blocks; 10 % of 21 are 2 more.
    expect([status(0, false), status(0.05, false), status(0.1, false), status(0.1, true)]).toEqual([
      'running',
      'running',
      'waiting',
      'running',
    ])
  })
})

describe('policy priority', () => {
  test('serves the smallest number first, then the first to arrive', () => {
    const engine = smallEngine({ maxNumSeqs: 1, policy: 'priority' })
    const wanted = [
      { priority: 1, arrivedAt: 5 },
      { priority: 0, arrivedAt: 9 },
      { priority: 1, arrivedAt: 3 },
      { arrivedAt: 2 },
    ]
    const all = wanted.map((one) => ask(engine, { maxTokens: 1, ...one }))
    expect(run(engine, all).map(({ emitted }) => emitted)).toEqual([[3], [1], [2], [0]])
  })

  test('what runs is not interrupted by what is more important', () => {
    const engine = smallEngine({ maxNumSeqs: 1, policy: 'priority' })
    const minor = ask(engine, { priority: 9, maxTokens: 3 })
    run(engine, [], 0, 1)
    const major = ask(engine, { priority: 0, maxTokens: 1 }, 10)
    expect(run(engine, [minor, major], 10).map(({ emitted }) => emitted)).toEqual([[0], [0], [1]])
  })
})
