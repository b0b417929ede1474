import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawTurn } from './turn.ts'

const workload = {
  name: 'chat',
  summary: 'x',
  endpoint: 'chat' as const,
  sharedPromptTokens: 120,
  promptTokens: { min: 100, max: 300 },
  outputTokens: { min: 60, max: 140 },
  thinkTime: { min: 2_000, max: 6_000 },
  requestTimeout: 60_000,
}
const vu = fc.integer({ min: 1, max: 5_000 })
const iteration = fc.integer({ min: 0, max: 500 })

test('a turn keeps to its workload, four bytes a token', () => {
  fc.assert(
    fc.property(fc.integer(), vu, iteration, (seed, user, round) => {
      const { think, shared, own, maxTokens } = drawTurn(workload, seed, user, round)
      expect(think).toBeGreaterThanOrEqual(round === 0 ? 0 : 2_000)
      expect(think).toBeLessThan(6_000)
      expect(shared).toHaveLength(480)
      expect(own.length % 4).toBe(0)
      expect(own.length).toBeGreaterThanOrEqual(400)
      expect(own.length).toBeLessThanOrEqual(1_200)
      expect(Number.isInteger(maxTokens)).toBe(true)
      expect(maxTokens).toBeGreaterThanOrEqual(60)
      expect(maxTokens).toBeLessThanOrEqual(140)
    }),
  )
})

test('the same seed, user and round give the same turn', () => {
  expect(drawTurn(workload, 7, 12, 3)).toEqual(drawTurn(workload, 7, 12, 3))
  expect(drawTurn(workload, 8, 12, 3)).not.toEqual(drawTurn(workload, 7, 12, 3))
})

test('users share the front of the prompt, and nothing after it', () => {
  const turns = Array.from({ length: 1_000 }, (_, user) => drawTurn(workload, 1, user, 1))
  expect(new Set(turns.map(({ shared }) => shared)).size).toBe(1)
  expect(new Set(turns.map(({ own }) => own.slice(0, 32))).size).toBe(1_000)
})

test('first rounds are spread over the whole think time', () => {
  const firsts = Array.from({ length: 1_000 }, (_, user) => drawTurn(workload, 1, user, 0).think)
  for (const from of [0, 1_500, 3_000, 4_500]) {
    const quarter = firsts.filter((think) => think >= from && think < from + 1_500)
    expect(quarter.length).toBeGreaterThan(180)
  }
})

test('a prompt of one token is a prompt of one token', () => {
  const tiny = { ...workload, sharedPromptTokens: 0, promptTokens: { min: 1, max: 1 } }
  expect(drawTurn(tiny, 1, 1, 1)).toMatchObject({ shared: '', own: expect.stringMatching(/^\w{3} $/) })
})
