import { describe, expect, test } from 'vitest'
import { ask, run, smallEngine } from './testing/scenario.ts'

/** 8 blocks of 16 tokens. */
const TIGHT = { numGpuBlocks: 9, enablePrefixCaching: false }

describe('where blocks are short', () => {
  test('the last admitted goes, computes again and keeps its tokens', () => {
    const engine = smallEngine(TIGHT)
    const first = ask(engine, { length: 60, maxTokens: 40 })
    const second = ask(engine, { length: 60, maxTokens: 40 })
    const steps = run(engine, [first, second])
    // Both have 4 blocks, 64 tokens; the fifth token behind them is one too many.
    expect(steps.findIndex(({ preempted }) => preempted.length > 0)).toBe(5)
    expect(steps[5]).toMatchObject({ preempted: [1], emitted: [0], running: 1, waiting: 1 })
    expect([first.preemptions, second.preemptions]).toEqual([0, 1])
    expect([first.outputTokens, second.outputTokens]).toEqual([40, 40])
    // It had 5 tokens: 65 are computed again, in the step after the first has ended.
    expect(steps[40]?.step).toMatchObject({ prefillTokens: 65, scheduledTokens: 65 })
  })

  test('nobody is admitted in that step', () => {
    const engine = smallEngine({ ...TIGHT, numGpuBlocks: 10 })
    ask(engine, { length: 60, maxTokens: 40 })
    ask(engine, { length: 60, maxTokens: 40 })
    run(engine, [], 0, 4)
    const small = ask(engine, { length: 1, maxTokens: 1 }, 40)
    // 9 blocks, of which 1 is free: the small one takes it in step 5, and the shortage comes with step 6.
    const steps = run(engine, [small], 40, 4)
    expect(steps.map(({ running, waiting }) => [running, waiting])).toEqual([
      [2, 0],
      [1, 1],
      [1, 1],
      [1, 1],
    ])
  })

  test('it comes before those that were waiting all along', () => {
    const engine = smallEngine({ ...TIGHT, maxModelLen: 128 })
    const first = ask(engine, { length: 60, maxTokens: 20 })
    const preempted = ask(engine, { length: 60, maxTokens: 20 })
    run(engine, [], 0, 1)
    const later = ask(engine, { length: 16, maxTokens: 1 }, 10)
    run(engine, [], 10)
    expect(preempted.preemptions).toBe(1)
    // It would fit at once; the preempted one at the head does not before the first has ended.
    expect(later.scheduledAt).toBe(first.lastTokenAt)
  })

  test('who is last preempts itself, and goes on when somebody has ended', () => {
    const engine = smallEngine({ ...TIGHT, maxNumSeqs: 2 })
    const first = ask(engine, { length: 60, maxTokens: 4 })
    const second = ask(engine, { length: 64, maxTokens: 8 })
    const steps = run(engine, [first, second])
    expect(steps.map(({ preempted }) => preempted).slice(0, 3)).toEqual([[], [1], []])
    expect(second).toMatchObject({ preemptions: 1, outputTokens: 8 })
    expect(second.scheduledAt).toBe(0)
  })

  test('the prefix cache gives back what nobody needed meanwhile', () => {
    const engine = smallEngine({ numGpuBlocks: 9 })
    const first = ask(engine, { length: 60, maxTokens: 10 })
    const second = ask(engine, { length: 60, maxTokens: 40 })
    const steps = run(engine, [first, second])
    // 65 tokens; of its 4 full blocks the first request took one more, the last, before it ended.
    expect(steps[10]?.step).toMatchObject({ prefillTokens: 17 })
    expect(second.preemptions).toBe(1)
    // The counters of the prefix cache know of first admissions only.
    expect(engine.stats()).toMatchObject({ prefixCacheQueries: 120, prefixCacheHits: 0 })
  })

  test('the counter learns of it with the next token of the request', () => {
    const engine = smallEngine(TIGHT)
    const first = ask(engine, { length: 60, maxTokens: 10 })
    const second = ask(engine, { length: 60, maxTokens: 40 })
    const counts: number[] = []
    for (let now = 0; now < 120; now += 10) {
      run(engine, [], now, 1)
      counts.push(engine.stats().preemptions)
    }
    expect([first.outputTokens, second.preemptions]).toEqual([10, 1])
    expect(counts).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
  })
})

describe('policy priority', () => {
  test('the least important goes, wherever it is in the batch; what it had of the step is free again', () => {
    const engine = smallEngine({ ...TIGHT, policy: 'priority', maxNumBatchedTokens: 200 })
    const minor = ask(engine, { priority: 2, length: 60, maxTokens: 30 })
    run(engine, [], 0, 1)
    const major = ask(engine, { priority: 0, length: 59, maxTokens: 30 }, 10)
    const steps = run(engine, [minor, major], 10)
    const at = steps.findIndex(({ preempted }) => preempted.length > 0)
    // The minor one, first in the batch, asks for its fifth block and is itself the least important: all behind it wait.
    expect(steps[at]).toMatchObject({ preempted: [0], emitted: [], step: { scheduledTokens: 0 } })
    expect([minor.preemptions, major.preemptions]).toEqual([1, 0])
  })

  test('one that has been scheduled in this step is taken out of it', () => {
    const engine = smallEngine({ ...TIGHT, policy: 'priority', maxNumBatchedTokens: 200 })
    const minor = ask(engine, { priority: 2, length: 50, maxTokens: 30 })
    run(engine, [], 0, 1)
    const major = ask(engine, { priority: 0, length: 60, maxTokens: 30 }, 10)
    const steps = run(engine, [minor, major], 10)
    const at = steps.findIndex(({ preempted }) => preempted.length > 0)
    expect(steps[at]).toMatchObject({ preempted: [0], emitted: [1], step: { scheduledTokens: 1, decodeSequences: 1 } })
    expect(minor).toMatchObject({ preemptions: 1, outputTokens: 30 })
  })

  test('its token of the step goes to whoever comes after', () => {
    const small = { numGpuBlocks: 6, enablePrefixCaching: false, reserveFullPrompt: false, maxNumBatchedTokens: 24 }
    const engine = smallEngine({ ...small, policy: 'priority' })
    const minor = ask(engine, { priority: 2, length: 20, maxTokens: 40 })
    run(engine, [], 0, 1)
    const major = ask(engine, { priority: 0, length: 15, maxTokens: 40 }, 10)
    run(engine, [], 10, 1)
    const long = ask(engine, { priority: 1, length: 200, maxTokens: 1 }, 20)
    const steps = run(engine, [minor, major, long], 20, 2)
    // The major one needs its second block in the second of these steps, and all 5 are held.
    expect(steps.map(({ preempted }) => preempted)).toEqual([[], [0]])
    expect(steps.map(({ step }) => step.prefillTokens)).toEqual([22, 23])
  })

  test('of equals the last to arrive goes', () => {
    const engine = smallEngine({ ...TIGHT, policy: 'priority' })
    const late = ask(engine, { length: 60, maxTokens: 30, arrivedAt: 5 })
    run(engine, [], 0, 1)
    const early = ask(engine, { length: 60, maxTokens: 30, arrivedAt: 1 }, 10)
    run(engine, [], 10)
    expect([late.preemptions, early.preemptions]).toEqual([1, 0])
  })
})
