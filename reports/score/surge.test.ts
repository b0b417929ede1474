import { expect, test } from 'vitest'
import type { RunData } from '../read/run-data.ts'
import { at, buildRun } from '../testing/build-run.ts'
import { buildRequests } from '../testing/build-requests.ts'
import { judgeLoad } from './load.ts'

const EXTRA = 20

/** Eight users, of whom one may leave, and twenty more who are kept ready and ask twice for ten seconds. */
const surged = (leavesAt: number): RunData => {
  const run = buildRun({ users: 8 })
  const all = buildRequests({ users: 8, from: at(0), rampMs: 20_000, to: at(300), seed: 1 })
  const own = all.filter(({ vu, started }) => vu !== 8 || started < at(leavesAt))
  const burst = (from: number) =>
    buildRequests({ users: EXTRA, from: at(from), rampMs: 1_000, to: at(from + 10), seed: 2 })
  const extra = [...burst(100), ...burst(280)]
  const gauge = (run.series.get('k6_vus') ?? []).map((line) => ({
    ...line,
    samples: line.samples.map(([time, value]): [number, number] => [time, value + EXTRA]),
  }))
  return {
    ...run,
    plan: run.plan === null ? null : { ...run.plan, extraUsers: EXTRA },
    series: new Map([['k6_vus', gauge]]),
    requests: [
      ...own,
      ...extra.map((row) => Object.assign({}, row, { vu: row.vu + 100, traffic: 'surge', extra: true })),
    ],
  }
}

test('users beyond the load are none of it: they neither spoil nor make up for it', () => {
  const whole = judgeLoad(surged(300))
  expect(whole).toMatchObject({ delivered: true, offered: { planned: 8, gauge: 8, recorded: 8 } })
  // Theirs are no pauses by which to tell how long a user may think.
  const short = judgeLoad(surged(200))
  expect(short).toMatchObject({ delivered: false, offered: { planned: 8, recorded: 7 } })
})
