import { type RequestRow, type SampleSeries, TIMELINE_USERS } from '../../lib/core/run-folder.ts'
import type { Offered } from '../../lib/core/verdict.ts'
import type { Hold } from '../read/load-window.ts'
import type { RunData } from '../read/run-data.ts'
import { plural } from './words.ts'

export interface Users {
  offered: Extract<Offered, { kind: 'users' }>
  /** Why the load was not delivered; empty where it was. */
  faults: string[]
}

/** Whether as many users as planned were there all through the hold. */
export const judgeUsers = (
  { series, requests, summary, plan }: Pick<RunData, 'series' | 'requests' | 'summary' | 'plan'>,
  planned: number,
  hold: Hold | null,
): Users => {
  const gauge = hold === null ? null : gaugeUsers(series.get('k6_vus'), hold, plan?.extraUsers ?? 0)
  const recorded =
    hold === null ? null : (recordedUsers(requests?.filter(({ extra }) => !extra) ?? [], hold)?.users ?? null)
  const dropped = droppedIterations(summary)
  return {
    offered: { kind: 'users', planned, gauge, recorded, droppedIterations: dropped },
    faults: [
      ...(hold === null ? [] : shortfall('k6 kept', planned, gauge)),
      ...(hold === null ? [] : shortfall('the request records show', planned, recorded)),
      ...lost(dropped),
    ],
  }
}

/** k6's gauge reaches Prometheus in steps: its first and last samples may still be of the ramp. */
const EDGE_MS = 5_000

/** The fewest virtual users of the load that k6's gauge shows in the hold; null without samples in it. */
export const gaugeUsers = (series: readonly SampleSeries[] | undefined, hold: Hold, extraUsers = 0): number | null => {
  const at = new Map<number, number>()
  for (const { samples } of series ?? []) {
    for (const [time, value] of samples) {
      if (time >= hold.from + EDGE_MS && time <= hold.to - EDGE_MS) at.set(time, (at.get(time) ?? 0) + value)
    }
  }
  return at.size === 0 ? null : Math.min(...at.values()) - TIMELINE_USERS - extraUsers
}

export interface RecordedUsers {
  /** The fewest distinct users who had a request under way in any window of the hold. */
  users: number
  /** The window: the longest that any of them took from one request to the end of the next. */
  windowMs: number
}

type Turn = Pick<RequestRow, 'vu' | 'started' | 'ended'>

/** Distinct users in the request records, all through the hold; null without records in it. */
export const recordedUsers = (requests: readonly Turn[], hold: Hold): RecordedUsers | null => {
  const byUser = new Map<number, Turn[]>()
  for (const request of requests) {
    if (request.ended < hold.from || request.started > hold.to) continue
    const own = byUser.get(request.vu)
    if (own === undefined) byUser.set(request.vu, [request])
    else own.push(request)
  }
  if (byUser.size === 0) return null
  const users = [...byUser.values()].map((own) => own.sort((a, b) => a.started - b.started))
  const longest = users.reduce((most, own) => Math.max(most, longestCycle(own)), 0)
  const windowMs = Math.min(longest, (hold.to - hold.from) / 2)
  return {
    users: fewest(
      users.flatMap((own) => absences(own, hold, windowMs)),
      users.length,
    ),
    windowMs,
  }
}

// --- Internal helpers ---

const longestCycle = (own: readonly Turn[]): number =>
  own.reduce((most, { started, ended }, at) => Math.max(most, (own[at + 1]?.started ?? ended) - started), 0)

/** Times `t` for which a user had nothing under way in [t, t + windowMs], as changes of the number of the absent. */
const absences = (own: readonly Turn[], hold: Hold, windowMs: number): { at: number; by: number }[] => {
  const found: { at: number; by: number }[] = []
  const last = hold.to - windowMs
  let seenTo = -Infinity
  for (const next of [...own, null]) {
    const from = Math.max(seenTo, hold.from)
    const to = Math.min((next?.started ?? Infinity) - windowMs, last)
    if (to > from) found.push({ at: from, by: 1 }, { at: to, by: -1 })
    seenTo = Math.max(seenTo, next?.ended ?? Infinity)
  }
  return found
}

const fewest = (changes: { at: number; by: number }[], users: number): number => {
  let absent = 0
  let most = 0
  for (const { by } of changes.sort((a, b) => a.at - b.at || a.by - b.by)) {
    absent += by
    most = Math.max(most, absent)
  }
  return users - most
}

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
