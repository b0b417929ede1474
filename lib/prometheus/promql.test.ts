import { assert, constantFrom, integer, property, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePromDuration } from './duration.ts'
import { durationSpans, functionsIn, readExpression } from './promql.ts'
import { divideDuration, divideDurations } from './scale.ts'

describe('readExpression', () => {
  test.each([
    ['up == 0', ['up'], 0],
    ['absent(vllm:foo{a="b"}) or rate(m_total{job="a"}[1m30s]) > 1m', ['m_total'], 90_000],
    ['absent_over_time(gone[5m])', [], 300_000],
    ['{"vllm:quoted", a="b"} + on () {__name__="named"}', ['named', 'vllm:quoted'], 0],
    ['{__name__=~"k6_.*"} > count("not_a_metric[5m]")', [], 0],
    ['max_over_time(rate(nested_total[5m])[10m:30s])', ['nested_total'], 900_000],
    ['rate(now_total[2m]) < 0.5 * rate(now_total[10m] offset 2m)', ['now_total'], 120_000],
    ['rate(past_total[10m] offset 2m)', ['past_total'], 600_000],
    ['rate(seconds_total[60])', ['seconds_total'], 60_000],
    ['sum by (le) (rate(h_bucket[1m])) # rate(commented[9m])', ['h_bucket'], 60_000],
  ])('%s', (expr, metrics, windowMs) => {
    expect(readExpression(expr)).toMatchObject({ metrics, windowMs })
  })

  test('what is inside absent() is read all the same, only not needed', () => {
    expect(readExpression('absent(gone) and up')).toEqual({ metrics: ['up'], allMetrics: ['gone', 'up'], windowMs: 0 })
  })
})

test('functionsIn names what is called', () => {
  expect(functionsIn('sum(rate(a[1m])) > bool min_over_time(b[2m])')).toEqual(['min_over_time', 'rate'])
})

describe('divideDurations', () => {
  test.each([
    ['rate(a[1m] offset -5m) > 1m', 'rate(a[8s] offset -40s) > 1m'],
    ['max_over_time(rate(a[5m])[10m:30s] offset 1h)', 'max_over_time(rate(a[40s])[1m20s:4s] offset 8m)'],
    ['a[5m:] @ 1234', 'a[40s:] @ 1234'],
    ['rate(a[60]) # over [5m]', 'rate(a[8s]) # over [5m]'],
    ['a{range="[5m]", offset="5m"} offset 1m', 'a{range="[5m]", offset="5m"} offset 8s'],
    ['rate(a[5m * 2])', 'rate(a[((5m * 2) / 7.5)])'],
    ['rate(a[100ms])', 'rate(a[13ms])'],
    ['rate(a[1ms])', 'rate(a[1ms])'],
    ['a offset 0s', 'a offset 0s'],
  ])('%s', (written, fast) => {
    expect(divideDurations(written, 7.5)).toBe(fast)
  })

  const duration = integer({ min: 1, max: 4_000 }).map((count) => `${count * 15}s`)
  const selector = constantFrom('up', 'vllm:kv_cache_usage_perc', 'm{a="[5m] offset 1h"}', '{"a b"}')
  const expression = tuple(selector, duration, duration, duration, duration).map(
    ([name, a, b, c, d]) => `max_over_time(rate(${name}[${a}] offset ${b})[${c}:${d}]) > 5m # [1h]\n`,
  )

  test('every duration is divided, and nothing else changes', () => {
    assert(
      property(expression, constantFrom(1.5, 3, 7.5), (expr, factor) => {
        const scaled = divideDurations(expr, factor)
        expect(durations(scaled)).toEqual(durations(expr).map((ms) => (ms ?? 0) / factor))
        expect(holes(scaled)).toEqual(holes(expr))
      }),
    )
  })

  test('dividing by a factor and then by its inverse gives the same times; by 1, the same text', () => {
    assert(
      property(expression, constantFrom(1.5, 3, 7.5), (expr, factor) => {
        const back = divideDurations(divideDurations(expr, factor), 1 / factor)
        expect(durations(back)).toEqual(durations(expr))
        expect(divideDurations(expr, 1)).toBe(expr)
      }),
    )
  })
})

test.each([
  ['1m30s', 90_000],
  ['1y2w3d4h5m6s7ms', ((365 + 14 + 3) * 24 + 4) * 3_600_000 + 306_007],
  ['90', 90_000],
  ['0s', 0],
  ['1.5m', null],
  ['5s1m', null],
  ['', null],
  ['soon', null],
])('parsePromDuration(%j) is %j', (text, ms) => {
  expect(parsePromDuration(text)).toBe(ms)
})

test('divideDuration leaves what is no duration alone', () => {
  expect(['1m', '30s', '0s', '{{ hold }}'].map((text) => divideDuration(text, 7.5))).toEqual([
    '8s',
    '4s',
    '0s',
    '{{ hold }}',
  ])
})

// --- Internal helpers ---

const durations = (expr: string): (number | null)[] =>
  durationSpans(expr).map(({ from, to }) => parsePromDuration(expr.slice(from, to)))

/** The text between the durations. */
const holes = (expr: string): string[] => {
  const edges = [0, ...durationSpans(expr).flatMap(({ from, to }) => [from, to]), expr.length]
  return edges.flatMap((edge, index) => (index % 2 === 0 ? [expr.slice(edge, edges[index + 1])] : []))
}
