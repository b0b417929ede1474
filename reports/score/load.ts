import type { LoadDelivery } from '../../lib/core/verdict.ts'
import { inFlightIn, inFlightLevels } from '../read/in-flight.ts'
import { holdOf } from '../read/load-window.ts'
import { percentiles } from '../read/percentile.ts'
import { isFailed } from '../read/requests.ts'
import type { RunData } from '../read/run-data.ts'
import { gaugeUsers, recordedUsers } from './users.ts'
import { plural, seconds } from './words.ts'

/** What load reached the target, and whether that is what the scenario asked for. */
export const judgeLoad = (run: RunData): LoadDelivery => {
  const requests = run.requests ?? []
  const hold = holdOf(run.scenario, run.run)
  const gauge = hold === null ? null : gaugeUsers(run.series.get('k6_vus'), hold)
  const recorded = hold === null ? null : recordedUsers(requests, hold)
  const dropped = droppedIterations(run.summary)
  const planned = hold?.users ?? Math.max(0, ...(run.scenario?.load.users.stages ?? []).map(({ to }) => to))
  const faults = [
    ...(hold === null ? ['nobody knows when the load held'] : []),
    ...(hold === null ? [] : shortfall('k6 kept', planned, gauge)),
    ...(hold === null ? [] : shortfall('the request records show', planned, recorded?.users ?? null)),
    ...lost(dropped),
  ]
  const held = hold === null ? '' : ` for ${seconds(hold.to - hold.from)}`
  return {
    delivered: faults.length === 0,
    reason: faults.length === 0 ? `${plural(planned, 'user')}${held}, none missing` : faults.join('; '),
    plannedUsers: planned,
    gaugeUsers: gauge,
    recordedUsers: recorded?.users ?? null,
    droppedIterations: dropped,
    requests: requests.length,
    failedRequests: requests.filter(isFailed).length,
    inFlight: hold === null || run.requests === null ? null : inFlightIn(inFlightLevels(requests), hold.from, hold.to),
    ttft: percentiles(requests.flatMap(({ ttft }) => ttft ?? [])),
    tpot: percentiles(requests.flatMap(({ tpot }) => tpot ?? [])),
  }
}

// --- Internal helpers ---

const shortfall = (who: string, planned: number, users: number | null): string[] => {
  if (users === null) return [`${who} nothing of the hold`]
  return users >= planned
    ? []
    : [`${who} ${users} of ${planned} users: the machine was too slow, or a user ended early`]
}

const lost = (dropped: number | null): string[] => {
  if (dropped === null) return ["k6's summary is missing: dropped iterations are unknown"]
  return dropped === 0 ? [] : [`k6 dropped ${plural(dropped, 'iteration')}: the machine was too slow`]
}

/** k6 leaves the metric out where it dropped none; its summaries put the count in more than one place. */
const droppedIterations = (summary: unknown): number | null => {
  if (!isRecord(summary) || !('metrics' in summary)) return null
  const { metrics } = summary
  const metric = Array.isArray(metrics)
    ? metrics.find((one) => isRecord(one) && one.name === 'dropped_iterations')
    : isRecord(metrics) && metrics.dropped_iterations
  if (!isRecord(metric)) return 0
  const values = isRecord(metric.values) ? metric.values : metric
  return typeof values.count === 'number' ? values.count : null
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
