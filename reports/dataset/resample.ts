import type { SampleSeries } from '../../lib/core/run-folder.ts'

/** One value a second from `fromS` on, empty where nothing is known. */
export type Column = (number | null)[]

/** The last sample before each second, as long as Prometheus itself would take it for current. */
export const gaugeColumn = (
  samples: SampleSeries['samples'],
  fromS: number,
  seconds: number,
  staleMs: number,
): Column => {
  let next = 0
  return Array.from({ length: seconds }, (_, index) => {
    const now = (fromS + index) * 1_000
    while ((samples[next]?.[0] ?? Infinity) <= now) next += 1
    const last = samples[next - 1]
    return last === undefined || now - last[0] > staleMs ? null : last[1]
  })
}

/** The increase a second between the samples around each second; a counter that fell has started anew. */
export const rateColumn = (
  samples: SampleSeries['samples'],
  fromS: number,
  seconds: number,
  staleMs: number,
): Column => {
  let next = 0
  return Array.from({ length: seconds }, (_, index) => {
    const now = (fromS + index) * 1_000
    while ((samples[next]?.[0] ?? Infinity) < now) next += 1
    const [before, after] = [samples[next - 1], samples[next]]
    if (before === undefined || after === undefined || after[0] - before[0] > staleMs) return null
    const increase = after[1] >= before[1] ? after[1] - before[1] : after[1]
    return increase / ((after[0] - before[0]) / 1_000)
  })
}

/** Where both are empty, so is the sum. */
export const addColumns = (columns: readonly Column[]): Column =>
  (columns[0] ?? []).map((_, index) => {
    const there = columns.flatMap((column) => column[index] ?? [])
    return there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0)
  })
