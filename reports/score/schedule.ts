import type { ArrivalCount, RequestRow } from '../../lib/core/run-folder.ts'
import type { Offered } from '../../lib/core/verdict.ts'
import { rank } from '../../lib/core/rank.ts'
import { plural } from './words.ts'

export interface Schedule {
  offered: Extract<Offered, { kind: 'arrivals' }>
  /** When those were wanted that nobody ever sent, as near as their neighbours tell. Milliseconds since the epoch. */
  unsent: number[]
  /** The same of those that a k6 which broke off had taken up, and left no record of: nobody knows what came of them. */
  lost: number[]
  /** Why the load was not delivered; empty where it was. */
  faults: string[]
}

type Sent = Pick<RequestRow, 'arrival' | 'intended' | 'started'>

/** What became of an open loop's schedule: how many of the arrivals whose time came were sent, and how late. */
export const judgeSchedule = (
  requests: readonly Sent[],
  count: ArrivalCount | null,
  bounds: { maxLagMs: number; maxInFlight: number; mostBusy: number | null; brokeOff: string | null },
): Schedule => {
  const { maxLagMs, maxInFlight, mostBusy, brokeOff } = bounds
  const sent = requests.filter(
    (request): request is Sent & { arrival: number; intended: number } =>
      request.intended !== null && request.arrival !== null,
  )
  const lags = Float64Array.from(sent, ({ started, intended }) => Math.max(0, started - intended)).sort()
  const lag = lags.length === 0 ? null : { p50: rank(lags, 0.5), p99: rank(lags, 0.99), max: lags.at(-1) ?? 0 }
  const recorded = sent.reduce((most, { arrival }) => Math.max(most, arrival + 1), 0)
  const broke = brokeOff !== null
  // What k6 took up since it last counted is on record at its end, but not where it broke off.
  const due = broke ? Math.max(count?.due ?? 0, recorded) : (count?.due ?? recorded)
  const missing = missingOf(sent, due, count?.at ?? 0)
  const takenUp = Math.max(recorded, count?.claimed ?? 0)
  const isLost = ({ index }: Missing): boolean => broke && index < takenUp
  const lost = missing.filter(isLost).map(({ at }) => at)
  const unsent = missing.filter((one) => !isLost(one)).map(({ at }) => at)
  const all = sent.length + missing.length
  const scheduled = count === null ? null : Math.max(count.due, all)
  const why =
    mostBusy !== null && mostBusy >= maxInFlight
      ? `all ${plural(maxInFlight, 'user')} were busy (load.maxInFlight)`
      : 'the machine was too slow'
  return {
    offered: {
      kind: 'arrivals',
      scheduled,
      // Some were taken up after the last count.
      claimed: count === null ? null : Math.max(count.claimed, sent.length),
      started: sent.length,
      lag,
      maxLagMs,
      maxInFlight,
    },
    unsent,
    lost,
    faults: [
      ...(count === null ? ['nobody counted the schedule: k6 did not get to tell'] : []),
      ...(sent.length === 0 ? ['not one request of the schedule was sent'] : []),
      ...(unsent.length === 0
        ? []
        : [`${unsent.length} of ${plural(all, 'scheduled request')} were never sent: ${brokeOff ?? why}`]),
      ...(lost.length === 0
        ? []
        : [
            `${lost.length} of ${plural(all, 'scheduled request')} have no record, as they were under way: ${brokeOff}`,
          ]),
      ...(brokeOff === null || missing.length > 0 ? [] : [brokeOff]),
      ...(lag === null || lag.p99 <= maxLagMs
        ? []
        : [
            `1 % of the requests were sent ${Math.round(lag.p99)} ms late or later (load.maxLag is ${maxLagMs} ms): ${why}`,
          ]),
    ],
  }
}

// --- Internal helpers ---

interface Missing {
  index: number
  /** As near as its neighbours tell. */
  at: number
}

/** Indices run in the order of time, so one that is missing below the number of those due was due, and has no record. */
const missingOf = (
  sent: readonly { arrival: number; intended: number }[],
  due: number,
  countedAt: number,
): Missing[] => {
  const times = new Map(sent.map(({ arrival, intended }) => [arrival, intended]))
  const missing: Missing[] = []
  let last = countedAt
  for (let index = due - 1; index >= 0; index--) {
    const at = times.get(index)
    if (at === undefined) missing.push({ index, at: last })
    else last = at
  }
  return missing.toReversed()
}
