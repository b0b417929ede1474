import { unreachable } from '../../lib/core/errors.ts'
import { loadPlan, mostUsers, type Slo } from '../../lib/core/load.ts'
import type { RequestRow } from '../../lib/core/run-folder.ts'
import type { Goodput, LoadDelivery, Offered, Percentiles } from '../../lib/core/verdict.ts'
import { columnOf } from '../read/column.ts'
import { gapPercentile } from '../read/gaps.ts'
import { chatsOf, inFlightIn, inFlightLevels } from '../read/in-flight.ts'
import { holdOf, type Hold } from '../read/load-window.ts'
import { percentiles } from '../read/percentile.ts'
import { roundedPercentiles } from '../read/precision.ts'
import { isFailed, waitOf, wantedAt } from '../read/requests.ts'
import type { RunData } from '../read/run-data.ts'
import { clientFacts } from './client.ts'
import { goodputOf } from './goodput.ts'
import { judgeSchedule } from './schedule.ts'
import type { StepRecord } from './steps.ts'
import { judgeUsers } from './users.ts'
import { plural, seconds } from './words.ts'

/** What load reached the target, whether that is what the scenario asked for, and what became of it. */
export const judgeLoad = (run: RunData, steps: readonly StepRecord[] = []): LoadDelivery => {
  const requests = run.requests ?? []
  const hold = holdOf(run.scenario, run.run)
  const levels = run.requests === null ? null : inFlightLevels(requests)
  const inFlight = hold === null || levels === null ? null : inFlightIn(levels, hold.from, hold.to)
  const { offered, faults, unsent, lost } = judgeOffered(run, hold)
  const slo = run.scenario?.load.slo
  const client = clientFacts(run)
  const error = client.clientError
  const ofAll = (value: (row: RequestRow) => number | null, errorMs = error?.ttft ?? null): Percentiles =>
    roundedPercentiles(percentiles(columnOf(requests, value)), errorMs)
  /** Of what left no record nobody knows whether it kept the promise: undecided, as what was cut off. */
  const goodput = (promised: Slo): Goodput => {
    const found = goodputOf(requests, [...unsent, ...lost], promised, steps)
    return { ...found, undecided: found.undecided + lost.length }
  }
  return {
    delivered: faults.length === 0,
    reason: faults.length === 0 ? whole(offered, hold) : faults.join('; '),
    offered,
    requests: requests.length,
    failedRequests: requests.filter(isFailed).length,
    outcomes: outcomes(requests),
    inFlight,
    goodput: slo === undefined || run.requests === null ? null : goodput(slo),
    firstEvent: ofAll((row) => row.firstEvent),
    firstChoice: ofAll((row) => row.firstChoice),
    ttft: ofAll((row) => row.ttft),
    firstAnswer: ofAll((row) => row.firstAnswer),
    wait: ofAll(waitOf, error?.wait ?? null),
    tpot: ofAll((row) => row.tpot, error?.gap ?? null),
    gap: roundedPercentiles(gapPercentiles(run), error?.gap ?? null),
    e2e: ofAll((row) => (row.outcome === 'ok' ? row.ended - wantedAt(row) : null), error?.wait ?? null),
    ...client,
  }
}

// --- Internal helpers ---

interface Judged {
  offered: Offered | null
  faults: string[]
  /** Of a schedule: times of the requests that were never sent, and of those that left no record. */
  unsent: number[]
  lost: number[]
}

const judgeOffered = (run: RunData, hold: Hold | null): Judged => {
  const unknown = hold === null ? ['nobody knows when the load held'] : []
  if (run.scenario === null) return { offered: null, faults: unknown, unsent: [], lost: [] }
  const load = loadPlan(run.scenario.load)
  const requests = run.requests ?? []
  const broken = brokeOff(run)
  switch (load.kind) {
    case 'users': {
      const judged = judgeUsers(run, mostUsers(load), hold)
      return {
        ...judged,
        faults: [...unknown, ...judged.faults, ...(broken === null ? [] : [broken])],
        unsent: [],
        lost: [],
      }
    }
    case 'arrivals': {
      const scheduled = requests.filter(({ extra }) => !extra)
      const busy = hold === null ? null : inFlightIn(inFlightLevels(chatsOf(scheduled)), hold.from, hold.to)
      const bounds = {
        maxLagMs: load.maxLag,
        maxInFlight: load.maxInFlight,
        mostBusy: busy?.max ?? null,
        brokeOff: broken,
      }
      const judged = judgeSchedule(requests, run.arrivals, bounds)
      return { ...judged, faults: [...unknown, ...judged.faults] }
    }
    default:
      return unreachable(load)
  }
}

/** k6 writes its summary as the last thing, however it is stopped: where there is none, somebody or something killed it. */
const brokeOff = ({ run, summary }: RunData): string | null => {
  if (run === null || run.ending === 'completed' || summary !== null) return null
  if (run.ending === 'open') return 'the run was not closed: k6 was killed with it, or still runs'
  const { loadStartedAt, loadEndedAt } = run
  const when =
    loadStartedAt === null || loadEndedAt === null ? '' : `, ${seconds(loadEndedAt - loadStartedAt)} into the load`
  return `k6 was killed or crashed${when}`
}

const whole = (offered: Offered | null, hold: Hold | null): string => {
  if (offered === null) return ''
  switch (offered.kind) {
    case 'users': {
      const held = hold === null ? '' : ` for ${seconds(hold.to - hold.from)}`
      return `${plural(offered.planned, 'user')}${held}, none missing`
    }
    case 'arrivals': {
      const late =
        offered.lag === null ? '' : `, 99 % of them at most ${Math.max(1, Math.ceil(offered.lag.p99))} ms late`
      return `all of ${plural(offered.scheduled ?? 0, 'scheduled request')} were sent${late}`
    }
    default:
      return unreachable(offered)
  }
}

const outcomes = (requests: readonly RequestRow[]): Record<string, number> => {
  const counts = new Map<string, number>()
  for (const { outcome } of requests) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)))
}

const gapPercentiles = ({ gaps }: RunData): Percentiles => {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => gapPercentile(gaps, share))
  return p50 == null || p95 == null || p99 == null ? null : { p50, p95, p99 }
}
