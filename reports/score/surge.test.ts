import { expect, test } from 'vitest'
import type { RunData } from '../read/run-data.ts'
import { at, buildRun } from '../testing/build-run.ts'
import { buildRequests } from '../testing/build-requests.ts'
import { judgeLoad } from './load.ts'

const EXTRA = 20

/** Eight users, and twenty more who are kept ready and ask for half a minute of it. */
const surged = (users: number): RunData => {
  const run = buildRun({ users: 8 })
  const own = buildRequests({ users, from: at(0), rampMs: 20_000, to: at(300), seed: 1 })
  const extra = buildRequests({ users: EXTRA, from: at(100), rampMs: 1_000, to: at(130), seed: 2 })
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
  const whole = judgeLoad(surged(8))
  expect(whole).toMatchObject({ delivered: true, offered: { planned: 8, gauge: 8, recorded: 8 } })
  const short = judgeLoad(surged(7))
  expect(short).toMatchObject({ delivered: false, offered: { planned: 8, recorded: 7 } })
})
