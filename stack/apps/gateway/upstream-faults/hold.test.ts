import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inForce, type UpstreamRule } from '../../../../lib/core/upstream-rules.ts'
import { holdOf } from './hold.ts'

const common = { id: 'f-1', pod: 'u1', expiresAt: 2_000 }
const delay = (ms: number, jitterMs = 0): UpstreamRule => ({ ...common, kind: 'delay', ms, jitterMs })
const loss = (percent: number): UpstreamRule => ({ ...common, kind: 'loss', percent })

/** These draws, one after the other, and then no loss. */
const draws =
  (...values: number[]) =>
  () =>
    values.shift() ?? 1

test('without rules nothing is held', () => {
  expect(holdOf([], 'data', Math.random)).toBe(0)
})

test('a delay is what it says, within its jitter, and never negative', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.nat(1_000), fc.double({ min: 0, max: 1, noNaN: true }), (ms, jitter, draw) => {
      const held = holdOf([delay(ms, jitter)], 'data', () => draw)
      expect(held).toBeGreaterThanOrEqual(Math.max(0, ms - jitter))
      expect(held).toBeLessThanOrEqual(ms + jitter)
    }),
  )
})

describe('loss costs the timeouts of TCP', () => {
  test.each([
    [[], 0, 0],
    [[0], 200, 1_000],
    [[0, 0], 600, 3_000],
    [[0, 0, 0], 1_400, 7_000],
  ])('lost in a row: %j', (lost, data, handshake) => {
    expect(holdOf([loss(50)], 'data', draws(...lost))).toBe(data)
    expect(holdOf([loss(50)], 'handshake', draws(...lost))).toBe(handshake)
  })

  test('none at 0 %, no end at 100 %', () => {
    expect(holdOf([loss(0)], 'data', () => 0)).toBe(0)
    expect(holdOf([loss(100)], 'data', () => 0.999)).toBe(Infinity)
  })
})

test('rules add up; a partition holds for good', () => {
  expect(holdOf([delay(50), loss(50)], 'data', draws(0.5, 0, 1))).toBe(250)
  expect(holdOf([delay(50), { ...common, kind: 'partition' }], 'data', Math.random)).toBe(Infinity)
})

test('rules of other pods never apply, and none after its end', () => {
  const rule = fc.record({
    id: fc.string({ minLength: 1 }),
    pod: fc.constantFrom('u1', 'u2', 'u3'),
    expiresAt: fc.nat(10),
    kind: fc.constant('partition' as const),
  })
  fc.assert(
    fc.property(fc.array(rule), fc.nat(12), (rules, now) => {
      const found = inForce(rules, 'u1', now)
      expect(found.every(({ pod, expiresAt }) => pod === 'u1' && now < expiresAt)).toBe(true)
      const others = rules.filter((one) => !found.includes(one))
      expect(others.every(({ pod, expiresAt }) => pod !== 'u1' || expiresAt <= now)).toBe(true)
    }),
  )
})
