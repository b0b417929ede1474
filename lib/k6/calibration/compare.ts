import type { ClientError } from '../../core/calibration.ts'
import { bucketWidth } from '../../core/gap-histogram.ts'
import { rank } from '../../core/rank.ts'
import type { Row } from './rows.ts'
import type { WireRequest } from './wire-log.ts'

export interface Comparison {
  /** Null where there was nothing to compare. */
  ttft: ClientError | null
  /** From when the schedule wanted the request, or, without one, from when the user asked. */
  ttftIntended: ClientError | null
  gap: ClientError | null
  gapMax: ClientError | null
  /** Requests, on either side, that did not end well on both, or without all of their events. */
  starved: number
  /** Share of content events that came in the same read as another. */
  coalesced: number
}

/** What the client reported against what crossed the wire. Durations alone are compared: the two have clocks of their own. */
export const compare = (log: readonly WireRequest[], rows: readonly Row[]): Comparison => {
  const wire = new Map(log.map((request) => [request.id, request]))
  const pairs = rows.flatMap((row) => {
    const request = wire.get(row.id)
    return request === undefined ? [] : [{ row, request }]
  })
  const whole = pairs.filter(
    ({ row, request }) => row.outcome === 'ok' && request.end === 'done' && row.chunks === request.contents.length,
  )
  const firsts = pairs.flatMap(({ row, request }) => {
    const [first] = request.contents
    if (row.written === null || row.ttft === null || first === undefined) return []
    const waited = row.written - (row.intended ?? row.started) + row.ttft
    return [{ measured: row.ttft, waited, truth: first - request.received }]
  })
  const gaps = whole.map(({ row, request }) => ({ row, measured: expand(row.gaps), truth: gapsOf(request.contents) }))
  return {
    ttft: errorOf(firsts.map(({ measured, truth }) => measured - truth)),
    ttftIntended: errorOf(firsts.map(({ waited, truth }) => waited - truth)),
    gap: errorOf(gaps.flatMap(({ measured, truth }) => truth.map((gap, index) => (measured[index] ?? 0) - gap))),
    gapMax: errorOf(
      gaps.flatMap(({ row, truth }) => (row.gapMax === null ? [] : row.gapMax - (truth[truth.length - 1] ?? 0))),
    ),
    starved: rows.length - whole.length + log.length - pairs.length,
    coalesced:
      rows.reduce((sum, row) => sum + row.coalesced, 0) /
      Math.max(
        rows.reduce((sum, row) => sum + row.chunks, 0),
        1,
      ),
  }
}

/** The gaps that a row's histogram holds, ascending, in milliseconds: a bucket's are taken for its middle. */
export const expand = (histogram: Row['gaps']): number[] =>
  histogram
    .toSorted(([a], [b]) => a - b)
    .flatMap(([lower, count]) => Array.from({ length: count }, () => (lower + (bucketWidth(lower) - 1) / 2) / 1_000))

/** Nearest rank; null without values. */
export const errorOf = (differences: readonly number[]): ClientError | null => {
  if (differences.length === 0) return null
  const sorted = Float64Array.from(differences, Math.abs).sort()
  return { p50: rank(sorted, 0.5), p99: rank(sorted, 0.99), max: rank(sorted, 1) }
}

// --- Internal helpers ---

/** Ascending: which of two equally distributed gaps came first is not in a histogram. */
const gapsOf = (contents: readonly number[]): number[] =>
  contents
    .slice(1)
    .map((at, index) => at - (contents[index] ?? at))
    .sort((a, b) => a - b)
