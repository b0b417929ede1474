import { expect, test } from 'vitest'
import type { Observer } from '../../lib/core/fault.ts'
import { movedSince } from './moved-since.ts'

const INJECTED = 1_800_000_000_250

/** What Prometheus says at the injection, and now; nothing where it is null. */
const observer = (before: number | null, now: number | null): Observer => ({
  query: async (promql) => {
    const value = promql.includes(`@ ${INJECTED / 1_000}`) ? before : now
    return value === null ? [] : [{ labels: {}, value }]
  },
})

const look = (before: number | null, now: number | null) =>
  movedSince({
    movements: [{ signal: 'prompt-tokens', to: 'up' }],
    namespace: 'llm',
    observe: observer(before, now),
    injectedAt: INJECTED,
  })

test.each([
  [300, 900, true, 'prompt-tokens went from 300 to 900'],
  [300, 340, false, 'prompt-tokens went from 300 to 340'],
  [300, 100, false, 'prompt-tokens went from 300 to 100'],
  [null, 900, false, 'Prometheus has nothing of it before the injection'],
  [Number.NaN, 900, false, 'nothing of it before'],
  [300, null, false, 'Prometheus has nothing of it now'],
])('from %j to %j: %j', async (before, now, bit, reason) => {
  const evidence = await look(before, now)
  expect(evidence.bit).toBe(bit)
  expect(evidence.reason).toContain(reason)
  expect(evidence.facts).toHaveProperty('prompt-tokens.query')
})

test('any one of several movements is enough, and only that is told', async () => {
  const evidence = await movedSince({
    movements: [
      { signal: 'request-rate', to: 'down' },
      { signal: 'requests-running', to: 'up' },
    ],
    namespace: 'llm',
    observe: observer(10, 30),
    injectedAt: INJECTED,
  })
  expect(evidence).toMatchObject({ bit: true, reason: 'requests-running went from 10 to 30' })
})
