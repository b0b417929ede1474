import { assert, asyncProperty, constantFrom, integer } from 'fast-check'
import { expect, test } from 'vitest'
import type { AlertRule } from '../../core/rule.ts'
import type { Span } from '../../prometheus/client.ts'
import { collectConditions, onSlot } from './conditions.ts'

const rule: AlertRule = {
  alert: 'A',
  group: 'one',
  file: 'rules.yaml',
  expr: 'up == 0',
  forMs: 4_000,
  keepFiringForMs: 0,
  intervalMs: 2_000,
  labels: {},
  annotations: {},
  symptom: null,
  health: 'ok',
  lastError: '',
  evaluatedAt: 1_000_700,
  windowMs: 0,
  metrics: ['up'],
}

/** Answers as Prometheus does: a sample at every step, refusing too many. */
const everTrue = (asked: Span[] = []) => ({
  queryRange: async (_: string, span: Span, stepMs: number) => {
    asked.push(span)
    const points = Math.floor((span.to - span.from) / stepMs) + 1
    expect(points).toBeLessThanOrEqual(11_000)
    const samples = Array.from({ length: points }, (_item, index): [number, number] => [span.from + index * stepMs, 0])
    return [{ labels: { pod: 'a' }, samples }]
  },
})

test('evaluations fall on the slots of the group, each once, also where one answer cannot hold them', async () => {
  const time = integer({ min: 0, max: 3_000_000_000 })
  const length = integer({ min: 0, max: 60_000_000 })
  const interval = constantFrom(1_000, 2_000, 15_000)
  await assert(
    asyncProperty(time, length, time, interval, async (from, lasts, evaluatedAt, intervalMs) => {
      const to = from + lasts
      const lines = await collectConditions(everTrue(), { ...rule, evaluatedAt, intervalMs }, { from, to })
      const times = lines.flatMap(({ samples }) => samples.map(([at]) => at))
      const first = times[0] ?? to
      expect(first - from).toBeLessThan(intervalMs)
      expect(times).toHaveLength(times.length === 0 ? 0 : Math.floor((to - first) / intervalMs) + 1)
      expect(times.every((at, index) => at === first + index * intervalMs)).toBe(true)
      expect(Math.abs(first - evaluatedAt) % intervalMs).toBe(
        times.length === 0 ? Math.abs(first - evaluatedAt) % intervalMs : 0,
      )
    }),
    { numRuns: 40 },
  )
})

test('a line carries whose condition it is; infinities and NaN become numbers', async () => {
  const odd = {
    queryRange: async (_: string, { from }: Span) => [
      {
        labels: { pod: 'a' },
        samples: [Number.POSITIVE_INFINITY, Number.NaN, 2].map((value): [number, number] => [from, value]),
      },
    ],
  }
  const [line] = await collectConditions(odd, rule, { from: 1_000_000, to: 1_001_000 })
  expect(line?.labels).toEqual({ pod: 'a', __alert__: 'A', __group__: 'one' })
  expect(line?.samples.map(([, value]) => value)).toEqual([Number.MAX_VALUE, 0, 2])
  expect(JSON.parse(JSON.stringify(line))).toEqual(line)
})

test('a group’s slot is known from any of its alerts, but not from a name that two groups share', () => {
  const other: AlertRule = { ...rule, alert: 'B' }
  const twin: AlertRule = { ...rule, alert: 'B', group: 'two' }
  const alerts = [
    { labels: { alertname: 'B', alertstate: 'firing' }, samples: [[1_002_311, 1]] satisfies [number, number][] },
  ]
  expect(onSlot(rule, [rule, other], alerts).evaluatedAt).toBe(1_002_311)
  expect(onSlot(rule, [rule, other, twin], alerts)).toBe(rule)
  expect(onSlot(rule, [rule], [])).toBe(rule)
})
