import { expect, test } from 'vitest'
import { cpu } from './presets.ts'
import { QUEUE, stepTime } from './step-cost.ts'

test('a queue slows steps down as far as one was recorded, and no further', () => {
  const work = { scheduledTokens: 32, prefillTokens: 0, prefillPairs: 0, decodeSequences: 32, contextTokens: 10_000 }
  const step = (waitingRequests: number): number => stepTime(cpu)({ ...work, waitingRequests })
  expect(step(39) - step(0)).toBeCloseTo(39 * cpu.waitingMs)
  expect(step(1_000)).toBe(step(QUEUE))
})
