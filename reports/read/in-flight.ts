import type { RequestRow } from '../../lib/core/run-folder.ts'
import { columnOf } from './column.ts'

/** Requests under way over time, in columns: `counts[i]` from `at[i]` on, until the next. */
export interface Levels {
  at: Float64Array
  counts: Int32Array
}

/** By a sweep over their starts and ends. */
export const inFlightLevels = (requests: readonly Pick<RequestRow, 'started' | 'ended'>[]): Levels => {
  const starts = columnOf(requests, ({ started }) => started).sort()
  const ends = columnOf(requests, ({ ended }) => ended).sort()
  const at = new Float64Array(starts.length + ends.length)
  const counts = new Int32Array(at.length)
  let [begun, over, length] = [0, 0, 0]
  while (begun < starts.length || over < ends.length) {
    const next = Math.min(starts[begun] ?? Infinity, ends[over] ?? Infinity)
    // An end and a start at the same instant are one user going on, not two at once.
    while (ends[over] === next) over += 1
    while (starts[begun] === next) begun += 1
    at[length] = next
    counts[length++] = begun - over
  }
  return { at: at.subarray(0, length), counts: counts.subarray(0, length) }
}

/** From the request that the schedule began a chat with to the end of its last turn: the virtual user is taken between them as well. */
export const chatsOf = (
  requests: readonly Pick<RequestRow, 'vu' | 'arrival' | 'started' | 'ended'>[],
): Pick<RequestRow, 'started' | 'ended'>[] =>
  [...Map.groupBy(requests, ({ vu }) => vu).values()].flatMap((own) => {
    const chats: { started: number; ended: number }[] = []
    for (const { arrival, started, ended } of own.toSorted((a, b) => a.started - b.started)) {
      const chat = chats.at(-1)
      if (arrival !== null || chat === undefined) chats.push({ started, ended })
      else chat.ended = Math.max(chat.ended, ended)
    }
    return chats
  })

/** The level that was reached or passed for half of the time, and the highest; null for an empty interval. */
export const inFlightIn = ({ at, counts }: Levels, from: number, to: number): { p50: number; max: number } | null => {
  const msAt = new Map<number, number>()
  counts.forEach((count, index) => {
    const ms = Math.min(at[index + 1] ?? to, to) - Math.max(at[index] ?? to, from)
    if (ms > 0) msAt.set(count, (msAt.get(count) ?? 0) + ms)
  })
  if (msAt.size === 0) return to > from ? { p50: 0, max: 0 } : null
  const spans = [...msAt].sort((a, b) => a[0] - b[0])
  let rest = (to - from) / 2 - Math.max(0, to - from - spans.reduce((sum, [, ms]) => sum + ms, 0))
  const [median] = spans.find(([, ms]) => (rest -= ms) <= 0) ?? [0]
  return { p50: rest > 0 ? 0 : median, max: spans.at(-1)?.[0] ?? 0 }
}
