import { describe, expect, test } from 'vitest'
import { hashAt, SharedHead } from './block-hash.ts'
import { createPrefixIndex, hitBlocks, type Hits } from './prefix-index.ts'
import type { Run } from './run.ts'
import type { Tokens } from './types.ts'

const contentOf = (...tokens: number[]) => ({ prompt: Uint32Array.from(tokens), outputSeed: 1, hashes: [] as number[] })

const requestOf = (...tokens: number[]) => ({ content: contentOf(...tokens), filledBlocks: 0 })

/** The first first. */
const piecesOf = (hits: Hits | null): { run: Run; from: number; to: number }[] =>
  hits === null ? [] : [...piecesOf(hits.before), { run: hits.run, from: hits.from, to: hits.to }]

test('a run is found from its first block on, as far as it is full', () => {
  const index = createPrefixIndex(2, 64)
  const owner = requestOf(1, 2, 3, 4, 5, 6, 7, 8)
  const run = index.begin(owner, 0, 1, 5)
  expect(hitBlocks(index.find(contentOf(1, 2, 3, 4), 2))).toBe(0)
  owner.filledBlocks = 3
  expect(piecesOf(index.find(contentOf(1, 2, 3, 4, 5, 6, 7, 8), 4))).toEqual([{ run, from: 0, to: 3 }])
  expect(hitBlocks(index.find(contentOf(1, 2, 3, 9, 5, 6), 3))).toBe(1)
  expect(hitBlocks(index.find(contentOf(9, 2, 3, 4), 2))).toBe(0)
  index.forget(run)
  expect(hitBlocks(index.find(contentOf(1, 2, 3, 4), 2))).toBe(0)
})

test('a run that begins where another ended continues it', () => {
  const index = createPrefixIndex(2, 64)
  const one = requestOf(1, 2, 3, 4, 5, 6)
  const first = index.begin(one, 0, 1, 5)
  one.filledBlocks = 2
  const two = requestOf(1, 2, 3, 4, 7, 8)
  const second = index.begin(two, 2, 2, 5)
  two.filledBlocks = 3
  expect(piecesOf(index.find(contentOf(1, 2, 3, 4, 7, 8, 9), 3))).toEqual([
    { run: first, from: 0, to: 2 },
    { run: second, from: 2, to: 3 },
  ])
})

test('of two runs with the same block, the one that filled it first is found', () => {
  const index = createPrefixIndex(2, 64)
  const owners = [requestOf(1, 2, 3, 4), requestOf(1, 2, 3, 4)]
  const runs = owners.map((owner, order) => index.begin(owner, 0, order, 5 + order))
  for (const owner of owners) owner.filledBlocks = 2
  runs[0]?.fillAtOnce(1, 8)
  expect(piecesOf(index.find(contentOf(1, 2, 3, 4, 5), 2)).map(({ run }) => run)).toEqual(runs)
})

test('looking for itself leaves a request its hashes', () => {
  const index = createPrefixIndex(2, 64)
  const request = requestOf(1, 2, 3, 4, 5, 6, 7, 8)
  index.begin(request, 0, 1, 5)
  request.filledBlocks = 4
  expect(hitBlocks(index.find(request.content, 4))).toBe(4)
  const fresh = contentOf(1, 2, 3, 4, 5, 6, 7, 8)
  expect(hashAt(request.content, 3, 2)).toBe(hashAt(fresh, 3, 2))
  expect(request.content.hashes).toEqual(fresh.hashes)
})

describe('prompts with one head', () => {
  const head = new SharedHead(6)
  /** Six tokens that all have, and then its own. */
  const withHead = (...own: number[]) => {
    const prompt: Tokens = { length: 6 + own.length, head, at: (index) => (index < 6 ? index : own[index - 6]) }
    return { content: { prompt, outputSeed: 1, hashes: [] }, filledBlocks: 0 }
  }

  test('each block is found in the run that filled it first', () => {
    const index = createPrefixIndex(2, 64)
    const owners = [withHead(7, 7), withHead(8, 8)]
    const [one, other] = owners.map((owner, order) => index.begin(owner, 0, order, 5 + order))
    for (const owner of owners) owner.filledBlocks = 3
    one?.fillAtOnce(1, 8)
    expect(piecesOf(index.find(withHead(9, 9).content, 4))).toEqual([
      { run: one, from: 0, to: 1 },
      { run: other, from: 1, to: 3 },
    ])
  })

  test('a run that begins within it is found where the one before was forgotten, and no more blocks than are asked for', () => {
    const index = createPrefixIndex(2, 64)
    const [long, short] = [withHead(7, 7), withHead(8, 8)]
    const first = index.begin(long, 0, 1, 5)
    long.filledBlocks = 1
    const second = index.begin(short, 1, 2, 5)
    short.filledBlocks = 4
    expect(piecesOf(index.find(withHead(8, 8).content, 4))).toEqual([
      { run: first, from: 0, to: 1 },
      { run: second, from: 1, to: 4 },
    ])
    long.filledBlocks = 3
    expect(hitBlocks(index.find(withHead(9, 9).content, 2))).toBe(2)
  })
})
