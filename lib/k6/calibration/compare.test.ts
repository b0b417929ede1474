import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, errorOf, expand } from './compare.ts'
import type { Row } from './rows.ts'
import { eventsBetween, parseWireLog, type WireRequest } from './wire-log.ts'

/** One request of four tokens: TTFT 200 ms, gaps of 40, 40 and 60 ms. */
const LOG = `q 1 1000000 k one
e 1 1200000 1
e 1 1240000 1
e 1 1280000 1
e 1 1340000 1
d 1 1340100
`
const wire = (): WireRequest[] => parseWireLog(LOG)

/** What a client without any error says of it, on a clock that is an hour ahead. */
const row = (parts: Partial<Row> = {}): Row => ({
  id: 'one',
  intended: null,
  started: 3_600_990,
  written: 3_601_000,
  ttft: 200,
  gapMax: 60,
  gaps: [
    [bucketOf(40_000), 2],
    [bucketOf(60_000), 1],
  ],
  chunks: 4,
  coalesced: 0,
  outcome: 'ok',
  ...parts,
})

/** tools/k6/llm's own buckets: exact below 64 µs, then 64 an octave. */
const bucketOf = (micros: number): number => {
  const width = micros < 128 ? 1 : 2 ** (Math.floor(Math.log2(micros)) - 6)
  return Math.floor(micros / width) * width
}

const exactly = (value: number) => ({
  p50: expect.closeTo(value, 6),
  p99: expect.closeTo(value, 6),
  max: expect.closeTo(value, 6),
})

describe('a hand-made log', () => {
  test('a client without error has none, whatever its clock says', () => {
    const found = compare(wire(), [row()])
    expect(found).toMatchObject({ ttft: exactly(0), gapMax: exactly(0), starved: 0, coalesced: 0 })
    // The buckets are half a millisecond wide at 40 ms.
    expect(found.gap?.max).toBeLessThan(0.3)
  })

  test('a first token that was seen 3 ms late is an error of 3 ms', () => {
    expect(compare(wire(), [row({ ttft: 203 })]).ttft).toEqual(exactly(3))
    expect(compare(wire(), [row({ ttft: 197 })]).ttft).toEqual(exactly(3))
  })

  test('the dial counts from the start, the lag from the intended start', () => {
    expect(compare(wire(), [row()]).ttftIntended).toEqual(exactly(10))
    expect(compare(wire(), [row({ intended: 3_600_975 })]).ttftIntended).toEqual(exactly(25))
  })

  test('gaps are compared rank by rank', () => {
    const gaps: Row['gaps'] = [
      [bucketOf(40_000), 2],
      [bucketOf(70_000), 1],
    ]
    const { gap, gapMax } = compare(wire(), [row({ gaps, gapMax: 70 })])
    expect(gap?.p50).toBeLessThan(0.3)
    expect(gap?.max).toBeCloseTo(10, 0)
    expect(gapMax).toEqual(exactly(10))
  })

  test('two events in one read are a gap of nothing, and said', () => {
    const gaps: Row['gaps'] = [
      [0, 1],
      [bucketOf(60_000), 1],
      [bucketOf(80_000), 1],
    ]
    const { gap, coalesced } = compare(wire(), [row({ gaps, gapMax: 80, coalesced: 1 })])
    expect(gap?.max).toBeCloseTo(40, 0)
    expect(coalesced).toBe(0.25)
  })
})

test.each([
  ['a request that failed', [row({ outcome: 'reset' })], 1],
  ['an event that the client never saw', [row({ chunks: 3 })], 1],
  ['a request without a row', [], 1],
  ['a row without a request, as of a refused connection', [row(), row({ id: 'two', ttft: null })], 1],
])('%s is starved', (_, rows, starved) => {
  expect(compare(wire(), rows).starved).toBe(starved)
})

test('an answer that the server never ended is starved', () => {
  expect(compare(parseWireLog(LOG.replace('d 1', 'x 1')), [row()]).starved).toBe(1)
})

test('nothing to compare is no error of 0', () => {
  expect(compare([], [])).toMatchObject({ ttft: null, ttftIntended: null, gap: null, gapMax: null })
})

test('percentiles are the nearest rank of the magnitudes', () => {
  const differences = Array.from({ length: 151 }, (_, index) => (index % 2 === 0 ? -1 : 1) * (index + 1))
  expect(errorOf(differences)).toEqual({ p50: 76, p99: 150, max: 151 })
  expect(errorOf([-4])).toEqual({ p50: 4, p99: 4, max: 4 })
})

test('a histogram tells every gap back to within half a bucket', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 120_000_000 }), { minLength: 1, maxLength: 100 }), (micros) => {
      const counts = new Map<number, number>()
      for (const value of micros) counts.set(bucketOf(value), (counts.get(bucketOf(value)) ?? 0) + 1)
      const back = expand([...counts])
      const sorted = micros.toSorted((a, b) => a - b)
      expect(back).toHaveLength(micros.length)
      for (const [index, value] of sorted.entries()) {
        const off = Math.abs((back[index] ?? Number.NaN) * 1_000 - value)
        expect(off).toBeLessThanOrEqual(Math.max(value / 128, 0.001))
      }
    }),
  )
})

describe('the wire log', () => {
  test('keeps requests apart, batches, and who stamped', () => {
    const log = parseWireLog('q 1 1000 k a b\nq 2 2000 r \ne 2 3000 2\ne 1 3500 1\nx 2 4000\nd 1 5000\n')
    expect(log).toEqual([
      { id: 'a b', received: 1, kernel: true, contents: [3.5], end: 'done' },
      { id: '', received: 2, kernel: false, contents: [3, 3], end: 'left' },
    ])
    expect(eventsBetween(log, 3, 3.5)).toBe(2)
    expect(eventsBetween(log, 3, 4)).toBe(3)
  })

  test('ends where it was torn', () => {
    expect(parseWireLog('q 1 1000 k a\ne 1 20')).toHaveLength(1)
    expect(parseWireLog('')).toEqual([])
    expect(parseWireLog('e 7 1000 1\n')).toEqual([])
  })
})
