import { describe, expect, test } from 'vitest'
import { inFlightIn, inFlightLevels } from '../read/in-flight.ts'
import { percentiles } from '../read/percentile.ts'
import { at, buildRun } from '../testing/build-run.ts'
import { judgeLoad } from './load.ts'
import { score } from './score.ts'

describe('a load', () => {
  const run = buildRun({ users: 12 })

  test('that was held is delivered, by the gauge and by the records', () => {
    const load = judgeLoad(run)
    expect(load).toMatchObject({
      delivered: true,
      plannedUsers: 12,
      gaugeUsers: 12,
      recordedUsers: 12,
      droppedIterations: 0,
    })
    expect(load.inFlight?.max).toBeLessThanOrEqual(12)
    expect(score(run).outcome).toBe('pass')
  })

  test('of which one user went silent is not delivered, and the verdict is unknown', () => {
    const requests = run.requests?.filter(({ vu, started }) => vu !== 7 || started < at(100)) ?? []
    const short = { ...run, requests }
    expect(judgeLoad(short)).toMatchObject({
      delivered: false,
      recordedUsers: 11,
      reason: expect.stringContaining('11 of 12'),
    })
    expect(score(short).outcome).toBe('unknown')
  })

  test('that k6 itself did not reach is not delivered', () => {
    const series = new Map([
      ['k6_vus', [{ labels: {}, samples: [[at(100), 13] as [number, number], [at(102), 10] as [number, number]] }]],
    ])
    expect(judgeLoad({ ...run, series })).toMatchObject({ delivered: false, gaugeUsers: 9 })
  })

  test.each([
    { title: 'as handleSummary writes it', summary: { metrics: { dropped_iterations: { values: { count: 3 } } } } },
    { title: 'as --summary-export writes it', summary: { metrics: { dropped_iterations: { count: 3, rate: 0.1 } } } },
    { title: 'as a list of metrics', summary: { metrics: [{ name: 'dropped_iterations', values: { count: 3 } }] } },
  ])('with dropped iterations is not delivered ($title)', ({ summary }) => {
    expect(judgeLoad({ ...run, summary })).toMatchObject({ delivered: false, droppedIterations: 3 })
  })

  test('nobody recorded is not delivered', () => {
    const load = judgeLoad({ ...run, requests: null, summary: null, series: new Map() })
    expect(load).toMatchObject({
      delivered: false,
      gaugeUsers: null,
      recordedUsers: null,
      droppedIterations: null,
      ttft: null,
    })
  })
})

test('in flight is counted by time, not by event', () => {
  const levels = inFlightLevels([
    { started: 0, ended: 10 },
    { started: 2, ended: 4 },
    { started: 4, ended: 5 },
  ])
  expect(levels).toEqual([
    { at: 0, count: 1 },
    { at: 2, count: 2 },
    { at: 4, count: 2 },
    { at: 5, count: 1 },
    { at: 10, count: 0 },
  ])
  expect(inFlightIn(levels, 0, 10)).toEqual({ p50: 1, max: 2 })
  expect(inFlightIn(levels, 0, 40)).toEqual({ p50: 0, max: 2 })
  expect(inFlightIn(levels, 2, 5)).toEqual({ p50: 2, max: 2 })
})

test('percentiles are measured values', () => {
  expect(percentiles([3, 1, 2])).toEqual({ p50: 2, p95: 3, p99: 3 })
  expect(percentiles([])).toBeNull()
})
