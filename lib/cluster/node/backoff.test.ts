import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Backoff, nextRestart } from './backoff.ts'

const kubelet = { base: 10_000, max: 300_000 }

/** The waits of a container that ends `lifetimes[i]` ms after each start. */
const waits = (lifetimes: number[]): number[] => {
  let backoff: Backoff | null = null
  let time = 0
  return lifetimes.map((lifetime) => {
    time += lifetime
    const next = nextRestart(backoff, time, kubelet)
    backoff = next.backoff
    time += next.waitMs
    return next.waitMs
  })
}

test('at once, then 10 s, doubling to five minutes', () => {
  expect(waits(Array.from({ length: 8 }, () => 100))).toEqual([
    0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000,
  ])
})

test('forgotten after ten minutes of running', () => {
  expect(waits([100, 100, 100, 600_001, 100])).toEqual([0, 10_000, 20_000, 0, 10_000])
  expect(waits([100, 100, 100, 600_000, 100])).toEqual([0, 10_000, 20_000, 40_000, 80_000])
})

test('no wait is ever longer than the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2_000_000 })), (lifetimes) => waits(lifetimes).every((ms) => ms <= kubelet.max)),
  )
})
