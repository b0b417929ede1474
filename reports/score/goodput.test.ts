import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../lib/core/random.ts'
import { buildRequests } from '../testing/build-requests.ts'
import { goodputOf, keepsSlo } from './goodput.ts'

const SLO = { ttft: 500, tpot: 50, e2e: 10_000 }
const good = {
  arrival: 3,
  intended: 1_000,
  started: 1_010,
  written: 1_020,
  ended: 3_000,
  ttft: 300,
  tpot: 40,
  outputTokens: 40,
  outcome: 'ok',
}

describe('a request', () => {
  test.each([
    ['keeps all of it', {}, true],
    ['waits in our own queue for too long', { intended: 700 }, false],
    ['has no schedule, and the dial takes too long', { intended: null, started: 700 }, false],
    ['streams too slowly', { tpot: 50.1 }, false],
    ['is at the bound', { ttft: 480, tpot: 50 }, true],
    ['takes too long in all', { ended: 11_001 }, false],
    ['has one token, and so no time between tokens', { tpot: null, outputTokens: 1 }, true],
    ['has tokens and nobody knows the time between them', { tpot: null }, false],
    ['comes in one piece, and nobody knows when it began', { ttft: null, ended: 1_400 }, false],
    ['fails', { outcome: 'reset' }, false],
    ['was given up by its user', { outcome: 'cancelled' }, false],
    ['was cut off by the end of the run', { outcome: 'stopped' }, null],
    ['was cut off in a slow stretch', { outcome: 'stopped', tpot: 900 }, null],
    ['was cut off after it was late already', { outcome: 'stopped', ttft: 900 }, false],
    ['was cut off while it waited for too long', { outcome: 'stopped', ttft: null, tpot: null }, false],
    ['was cut off while it waited', { outcome: 'stopped', ttft: null, tpot: null, ended: 1_400 }, null],
  ])('%s', (_, change, kept) => expect(keepsSlo({ ...good, ...change }, SLO)).toBe(kept))

  test('keeps what was never promised', () => {
    expect(keepsSlo({ ...good, ttft: 9e9, tpot: 9e9, ended: 9e9 }, {})).toBe(true)
    expect(keepsSlo({ ...good, tpot: null }, { ttft: 500 })).toBe(true)
    expect(keepsSlo({ ...good, ttft: null }, { tpot: 50 })).toBe(true)
  })
})

describe('goodput', () => {
  const requests = buildRequests({
    users: 30,
    from: 0,
    rampMs: 5_000,
    to: 120_000,
    seed: 3,
    slowness: (at) => (at > 40_000 && at < 60_000 ? 12 : 1),
    failing: (at) => at > 50_000 && at < 55_000,
  })
  const steps = [{ injected: 40_000, over: 60_000 }]

  test('counts all that were scheduled, failed and never sent ones too', () => {
    const { good: kept, of, undecided } = goodputOf(requests, [41_000, 42_000], SLO, steps)
    expect(of).toBe(requests.length + 2)
    expect(undecided).toBe(requests.filter((request) => keepsSlo(request, SLO) === null).length)
    expect(kept).toBe(requests.filter((request) => keepsSlo(request, SLO) === true).length)
    expect(kept).toBeLessThan(of)
  })

  test('is told apart by what was broken at the time', () => {
    const { good: kept, of, phases } = goodputOf(requests, [41_000, 110_000], SLO, steps)
    expect(phases.map(({ phase }) => phase)).toEqual(['before', 'during', 'after'])
    expect(phases.reduce((sum, phase) => sum + phase.of, 0)).toBe(of)
    expect(phases.reduce((sum, phase) => sum + phase.good, 0)).toBe(kept)
    const [before, during, after] = phases.map((phase) => phase.good / phase.of)
    expect(before).toBe(1)
    expect(during).toBeLessThan(0.8)
    expect(after).toBeGreaterThan(during ?? 1)
    expect(after).toBeLessThan(1)
  })

  test('never rises with a stricter promise, nor with more requests that were never sent', () => {
    const random = seededRandom(5)
    for (let round = 0; round < 50; round++) {
      const slo = { ttft: 1_000 * random.next(), tpot: 60 * random.next(), e2e: 8_000 * random.next() }
      const all = goodputOf(requests, [], slo, steps)
      for (const key of ['ttft', 'tpot', 'e2e'] as const) {
        const stricter = goodputOf(requests, [], { ...slo, [key]: slo[key] / 2 }, steps)
        expect(stricter.good).toBeLessThanOrEqual(all.good)
      }
      const more = goodputOf(requests, [10_000 * random.next()], slo, steps)
      expect([more.good, more.of]).toEqual([all.good, all.of + 1])
    }
  })
})
