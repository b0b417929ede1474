import { expect, test } from 'vitest'
import { createLruQueue } from './lru-queue.ts'
import { Run } from './run.ts'

const OWNER = { content: { prompt: new Uint32Array(0), outputSeed: 1, hashes: [] }, filledBlocks: 8 }

/** Blocks 0 to 8 of a run whose owner has ended. */
const ended = (): Run => {
  const run = new Run(OWNER, 0, 1, 7)
  run.owner = null
  return run
}

const cached = (run: Run): number[] =>
  Array.from({ length: 10 }, (_, block) => block).filter((block) => run.isCached(block))

test('a block is cached while its owner has filled it, while somebody holds it, and while nobody has reused it', () => {
  const run = new Run({ ...OWNER, filledBlocks: 3 }, 1, 1, 7)
  expect(cached(run)).toEqual([1, 2])
  run.hold(1, 2)
  run.owner = null
  expect(cached(run)).toEqual([1])
  createLruQueue().append(run, 2, 3)
  expect(cached(run)).toEqual([1, 2])
})

test('what is taken back from the middle of an extent leaves two, of which the later blocks are reused first', () => {
  const run = ended()
  const queue = createLruQueue()
  queue.append(run, 0, 8)
  queue.revive(run, 3, 5)
  expect([queue.size(), queue.count(run, 0, 8), queue.count(run, 2, 6)]).toEqual([6, 6, 2])
  expect(cached(run)).toEqual([0, 1, 2, 5, 6, 7])
  queue.evict(4, () => undefined)
  expect(cached(run)).toEqual([0, 1])
  queue.evict(2, (empty) => expect(empty).toBe(run))
  expect([queue.size(), run.isForgotten()]).toEqual([0, true])
})

test('what is released in parts is reused in the order of release', () => {
  const [one, other] = [ended(), ended()]
  const queue = createLruQueue()
  queue.append(one, 4, 8)
  queue.append(other, 0, 2)
  queue.append(one, 0, 4)
  queue.evict(5, () => undefined)
  expect([cached(one), cached(other)]).toEqual([[0, 1, 2, 3], [0]])
})

test('free are the blocks that no other request holds, the last first', () => {
  const run = ended()
  run.hold(0, 2)
  run.hold(4, 5)
  run.hold(4, 5)
  const parts = (): number[][] => {
    const list: number[][] = []
    run.eachFree(0, 8, (_, from, to) => list.push([from, to]))
    return list
  }
  expect(parts()).toEqual([
    [5, 8],
    [2, 4],
  ])
  run.unhold(4, 5)
  expect(parts()).toHaveLength(2)
  run.unhold(4, 5)
  expect(parts()).toEqual([[2, 8]])
  expect(() => run.unhold(4, 5)).toThrow('not held')
})

test('when a block was filled: with its chunk, or in the step of its last token', () => {
  const run = new Run(OWNER, 0, 1, 7)
  // 35 tokens in step 9, so that 9 - 26 would have been there at step 0: block 2 is full with 48, in step 22.
  run.fillSteadily(2, 26)
  expect([0, 1, 2, 3].map((block) => run.filledAt(block, 16))).toEqual([7, 7, 22, 38])
  run.fillAtOnce(3, 50)
  expect([2, 3, 4].map((block) => run.filledAt(block, 16))).toEqual([22, 50, 50])
})
