import { describe, expect, test } from 'vitest'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import { rank } from '../../lib/core/rank.ts'
import { seededRandom } from '../../lib/core/random.ts'
import { columnOf } from '../read/column.ts'
import { inFlightIn, inFlightLevels } from '../read/in-flight.ts'
import { percentiles } from '../read/percentile.ts'
import { buildOpenRun, calibrationWith } from '../testing/build-open-run.ts'
import { at, buildRun } from '../testing/build-run.ts'
import { judgeLoad } from './load.ts'
import { loadSentences } from './load-text.ts'
import { score } from './score.ts'
import { recordedUsers } from './users.ts'

describe('a load', () => {
  const run = buildRun({ users: 12 })

  test('that was held is delivered, by the gauge and by the records', () => {
    const load = judgeLoad(run)
    expect(load).toMatchObject({
      delivered: true,
      offered: { kind: 'users', planned: 12, gauge: 12, recorded: 12, droppedIterations: 0 },
    })
    expect(load.inFlight?.max).toBeLessThanOrEqual(12)
    expect(score(run).outcome).toBe('pass')
  })

  test('of which one user went silent is not delivered, and the verdict is unknown', () => {
    const requests = run.requests?.filter(({ vu, started }) => vu !== 7 || started < at(100)) ?? []
    const short = { ...run, requests }
    expect(judgeLoad(short)).toMatchObject({
      delivered: false,
      offered: { recorded: 11 },
      reason: expect.stringContaining('11 of 12'),
    })
    expect(score(short).outcome).toBe('unknown')
  })

  test('that k6 itself did not reach is not delivered', () => {
    const series = new Map([
      ['k6_vus', [{ labels: {}, samples: [[at(100), 13] as [number, number], [at(102), 10] as [number, number]] }]],
    ])
    expect(judgeLoad({ ...run, series })).toMatchObject({ delivered: false, offered: { gauge: 9 } })
  })

  test.each([
    { title: 'as handleSummary writes it', summary: { metrics: { dropped_iterations: { values: { count: 3 } } } } },
    { title: 'as --summary-export writes it', summary: { metrics: { dropped_iterations: { count: 3, rate: 0.1 } } } },
    { title: 'as a list of metrics', summary: { metrics: [{ name: 'dropped_iterations', values: { count: 3 } }] } },
  ])('with dropped iterations is not delivered ($title)', ({ summary }) => {
    expect(judgeLoad({ ...run, summary })).toMatchObject({ delivered: false, offered: { droppedIterations: 3 } })
  })

  test('of a k6 that was killed says so', () => {
    const info = run.run === null ? null : { ...run.run, ending: 'failed' as const }
    expect(judgeLoad({ ...run, run: info, summary: null }).reason).toContain('k6 was killed or crashed, 300s into')
  })

  test('nobody recorded is not delivered', () => {
    const load = judgeLoad({ ...run, requests: null, summary: null, series: new Map() })
    expect(load).toMatchObject({
      delivered: false,
      offered: { gauge: null, recorded: null, droppedIterations: null },
      ttft: null,
    })
  })
})

describe('an open loop', () => {
  const run = buildOpenRun({ rate: 10, seconds: 120, slo: { ttft: '500ms', tpot: '60ms' } })

  test('that was sent in time is delivered, with its lag and its goodput', () => {
    const load = judgeLoad(run)
    expect(load).toMatchObject({
      delivered: true,
      reason: expect.stringMatching(/^all of 1200 scheduled requests were sent, 99 % of them at most \d+ ms late$/),
      offered: { kind: 'arrivals', scheduled: 1_200, claimed: 1_200, started: 1_200, maxLagMs: 50, maxInFlight: 64 },
      goodput: { of: 1_200, undecided: 0 },
    })
    expect(load.goodput?.good).toBeGreaterThan(1_190)
    expect(score(run).outcome).toBe('pass')
  })

  test('whose machine was too slow is not delivered, and users waited for longer than the server says', () => {
    const late = buildOpenRun({ rate: 10, seconds: 120, lagMs: 700, slo: { ttft: '500ms', tpot: '60ms' } })
    const load = judgeLoad(late)
    expect(load).toMatchObject({ delivered: false, reason: expect.stringContaining('ms late or later') })
    expect((load.wait?.p50 ?? 0) - (load.ttft?.p50 ?? 0)).toBeGreaterThan(300)
    const [onTime, tooLate] = [judgeLoad(run).goodput, load.goodput]
    expect(tooLate?.of).toBe(onTime?.of)
    expect(tooLate?.good).toBeLessThan(onTime?.good ?? 0)
    expect(score(late).outcome).toBe('unknown')
  })

  test('of which some was never sent is not delivered, and they count against the goodput', () => {
    const requests = run.requests?.filter(({ arrival }) => arrival !== 500 && arrival !== 501) ?? []
    const load = judgeLoad({ ...run, requests })
    expect(load.reason).toContain('2 of 1200 scheduled requests were never sent')
    expect(load.goodput).toMatchObject({ of: 1_200 })
  })

  test('whose users were all taken by chats is told so, although few requests were under way at once', () => {
    const [row] = run.requests ?? []
    if (row === undefined) throw new Error('expected requests')
    const turn = (vu: number, arrival: number | null, intended: number, from: number) =>
      ({
        ...row,
        vu,
        arrival,
        intended: arrival === null ? null : at(intended),
        started: at(from),
        ended: at(from + 1),
      }) as const
    const chats = Array.from({ length: 64 }, (_, vu) => [turn(vu, vu, vu / 2, vu / 2), turn(vu, null, 0, vu / 2 + 80)])
    const requests = [...chats.flat(), turn(0, 64, 33, 82)].sort((a, b) => a.started - b.started)
    const arrivals = { at: at(120), scheduled: 65, due: 65, claimed: 65 }
    const load = judgeLoad({ ...run, requests, arrivals })
    expect(load.inFlight?.max).toBeLessThan(10)
    expect(load.reason).toContain('all 64 users were busy (load.maxInFlight)')
  })

  test('whose k6 was killed says so, and what it took with it is not among the good', () => {
    const requests = run.requests?.filter(({ arrival }) => arrival === null || arrival < 590) ?? []
    const arrivals = { at: at(60), scheduled: 1_200, due: 600, claimed: 600 }
    const info = run.run === null ? null : { ...run.run, ending: 'failed' as const, loadEndedAt: at(61) }
    const killed = { ...run, requests, arrivals, run: info, summary: null }
    const load = judgeLoad(killed)
    expect(load.reason).toBe(
      '10 of 600 scheduled requests have no record, as they were under way: k6 was killed or crashed, 61s into the load',
    )
    expect(load.goodput).toMatchObject({ of: 600, undecided: 10 })
    expect(judgeLoad({ ...killed, summary: {} }).reason).toContain('never sent: the machine was too slow')
    const open = { ...killed, run: info === null ? null : { ...info, ending: 'open' as const } }
    expect(judgeLoad(open).reason).toContain('the run was not closed')
  })

  test('that nobody counted is not delivered', () => {
    expect(judgeLoad({ ...run, arrivals: null })).toMatchObject({ delivered: false, offered: { scheduled: null } })
  })
})

describe('a calibrated client', () => {
  const run = buildRun()
  const calibrated = (p99: number) => judgeLoad({ ...run, calibration: calibrationWith(p99) })

  test('shows no digit that is its own error', () => {
    expect(judgeLoad(run).clientError).toBeNull()
    const coarse = calibrated(23)
    expect(coarse.clientError).toMatchObject({ ttft: 23, wait: 23, gap: 23 })
    for (const ms of Object.values(coarse.ttft ?? {})) expect(ms % 10).toBe(0)
    expect(calibrated(0.4).ttft?.p50).toBeCloseTo(
      percentiles(columnOf(run.requests ?? [], ({ ttft }) => ttft))?.p50 ?? 0,
      0,
    )
  })
})

test('whether prompts were exact is known from what k6 said before the load', () => {
  const run = buildRun()
  const value = { at: at(-1), exact: false, note: 'one token a word' }
  const told = { seq: 3, mono: 1, wall: at(-1), actor: 'k6', phase: 'info' as const, what: 'prompts', value }
  const load = judgeLoad({ ...run, journal: [told] })
  expect(load.prompts).toEqual({ exact: false, note: 'one token a word' })
  expect(loadSentences(load)).toContain('Prompt lengths were not exact: one token a word')
  for (const journal of [null, [], [{ ...told, value: 'x' }]]) expect(judgeLoad({ ...run, journal }).prompts).toBeNull()
})

test('a damaged calibration is told from none', () => {
  const run = buildRun()
  const problems = [{ file: RUN_FILES.calibration, kind: 'torn' as const, reason: 'Unexpected end of JSON input' }]
  const text = loadSentences(judgeLoad({ ...run, problems })).join('\n')
  expect(text).toContain('calibration is damaged')
  expect(text).toContain('load/calibration.json: Unexpected end of JSON input')
  expect(text).not.toContain('not calibrated')
})

test('in flight is counted by time, not by event', () => {
  const levels = inFlightLevels([
    { started: 0, ended: 10 },
    { started: 2, ended: 4 },
    { started: 4, ended: 5 },
  ])
  expect(levels).toEqual({ at: Float64Array.of(0, 2, 4, 5, 10), counts: Int32Array.of(1, 2, 2, 1, 0) })
  expect(inFlightIn(levels, 0, 10)).toEqual({ p50: 1, max: 2 })
  expect(inFlightIn(levels, 0, 40)).toEqual({ p50: 0, max: 2 })
  expect(inFlightIn(levels, 2, 5)).toEqual({ p50: 2, max: 2 })
  const one = { started: 0, ended: 9 }
  expect(inFlightLevels([one, one])).toEqual({ at: Float64Array.of(0, 9), counts: Int32Array.of(2, 0) })
})

test('a user who reads the answer before the next question is there all the time', () => {
  const turns = Array.from({ length: 20 }, (_, turn) => ({ vu: turn % 2, started: turn * 5_000 }))
  const requests = turns.map((one) => ({ ...one, ended: one.started + 1_000 }))
  const hold = { from: 0, to: 100_000 }
  expect(recordedUsers(requests, hold)).toEqual({ users: 2, windowMs: 10_000 })
  expect(recordedUsers([...requests.slice(0, 5), ...requests.slice(6)], hold)).toEqual({ users: 2, windowMs: 20_000 })
})

test('percentiles are measured values', () => {
  expect(percentiles(Float64Array.of(3, 1, 2))).toEqual({ p50: 2, p95: 3, p99: 3 })
  expect(percentiles(new Float64Array())).toBeNull()
  const random = seededRandom(7)
  for (let size = 1; size < 300; size++) {
    // Few different values as well as many.
    const values = Float64Array.from({ length: size }, () => Math.floor(random.next() * ((size % 7) ** 3 + 1)))
    const sorted = values.toSorted()
    const expected = { p50: rank(sorted, 0.5), p95: rank(sorted, 0.95), p99: rank(sorted, 0.99) }
    expect(percentiles(values)).toEqual(expected)
  }
})
