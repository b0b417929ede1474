import type { RequestRow } from '../../lib/core/run-folder.ts'

/** From `at` on, until the next, so many requests are under way. */
export interface Level {
  at: number
  count: number
}

/** Requests under way over time, by a sweep over their starts and ends. */
export const inFlightLevels = (requests: readonly Pick<RequestRow, 'started' | 'ended'>[]): Level[] => {
  const changes = requests
    .flatMap(({ started, ended }) => [
      { at: started, by: 1 },
      { at: ended, by: -1 },
    ])
    // An end and a start at the same instant are one user going on, not two at once.
    .sort((a, b) => a.at - b.at || a.by - b.by)
  const levels: Level[] = []
  let count = 0
  for (const { at, by } of changes) {
    count += by
    const last = levels.at(-1)
    if (last?.at === at) last.count = count
    else levels.push({ at, count })
  }
  return levels
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
export const inFlightIn = (levels: readonly Level[], from: number, to: number): { p50: number; max: number } | null => {
  const spans: { count: number; ms: number }[] = []
  for (const [index, { at, count }] of levels.entries()) {
    const ms = Math.min(levels[index + 1]?.at ?? to, to) - Math.max(at, from)
    if (ms > 0) spans.push({ count, ms })
  }
  if (spans.length === 0) return to > from ? { p50: 0, max: 0 } : null
  spans.sort((a, b) => a.count - b.count)
  let rest = (to - from) / 2 - Math.max(0, to - from - spans.reduce((sum, { ms }) => sum + ms, 0))
  const median = spans.find(({ ms }) => (rest -= ms) <= 0)
  return { p50: rest > 0 || median === undefined ? 0 : median.count, max: spans.at(-1)?.count ?? 0 }
}
