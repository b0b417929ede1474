import { type RequestRow, type SampleSeries, TIMELINE_USERS } from '../../lib/core/run-folder.ts'
import { inFlightLevels } from '../read/in-flight.ts'
import { rank } from '../../lib/core/rank.ts'
import { told } from '../read/precision.ts'
import { isFailed } from '../read/requests.ts'
import type { RunData } from '../read/run-data.ts'

export interface Line {
  name: string
  /** One value for every time of the grid; null where nothing was measured. */
  values: (number | null)[]
}

export interface Chart {
  id: string
  title: string
  /** What the values count, and how they are shown. */
  unit: 'count' | 'percent' | 'seconds' | 'perSecond'
  note: string
  lines: Line[]
}

/** The grid that all charts share: milliseconds since the epoch, equally spaced. */
export interface Grid {
  from: number
  stepMs: number
  count: number
}

export const makeGrid = (from: number, to: number, scrapeMs: number): Grid => {
  const stepMs = Math.max(scrapeMs, Math.ceil((to - from) / MOST_POINTS / 1_000) * 1_000, 1_000)
  return { from, stepMs, count: Math.max(1, Math.ceil((to - from) / stepMs) + 1) }
}

/** The charts for which the run has data, in the order in which an incident is read. */
export const makeCharts = ({ series, requests, scenario, plan, calibration }: RunData, grid: Grid): Chart[] => {
  const records = requests ?? []
  const tokens = series.get('vllm:generation_tokens_total')
  const failed = perSecond(records.filter(isFailed), grid, () => 1)
  const charts: Chart[] = [
    ...(scenario?.load.arrivals === undefined
      ? [
          {
            id: 'users',
            title: 'Users',
            unit: 'count' as const,
            note: 'virtual users (k6), requests in flight (records)',
            lines: [
              ...users(series.get('k6_vus'), grid, TIMELINE_USERS + (plan?.extraUsers ?? 0)),
              ...inFlight(records, grid),
            ],
          },
        ]
      : [
          {
            id: 'arrivals',
            title: 'Arrivals',
            unit: 'perSecond' as const,
            note: 'requests sent a second (records)',
            lines: perSecond(
              records,
              grid,
              () => 1,
              ({ started }) => started,
            ),
          },
          {
            id: 'inflight',
            title: 'In flight',
            unit: 'count' as const,
            note: 'requests under way (records)',
            lines: inFlight(records, grid),
          },
        ]),
    {
      id: 'throughput',
      title: 'Throughput',
      unit: 'perSecond',
      note: tokens === undefined ? 'output tokens, counted at the end of requests' : 'generated tokens, all replicas',
      lines:
        tokens === undefined
          ? perSecond(records, grid, (record) => record.outputTokens)
          : rate('tokens/s', tokens, grid),
    },
    {
      id: 'kv',
      title: 'KV cache',
      unit: 'percent',
      note: 'usage by replica',
      lines: byPod(series.get('vllm:kv_cache_usage_perc'), grid),
    },
    {
      id: 'queue',
      title: 'Queue',
      unit: 'count',
      note: 'requests waiting by replica',
      lines: byPod(series.get('vllm:num_requests_waiting'), grid),
    },
    {
      id: 'ttft',
      title: 'TTFT',
      unit: 'seconds',
      note: 'time to first token, by when it came',
      lines: ttft(records, grid, calibration?.errors.ttft.p99 ?? null),
    },
    {
      id: 'failed',
      title: 'Failed',
      unit: 'perSecond',
      note: 'requests that failed',
      lines: failed.some(hasSome) ? failed : [],
    },
  ]
  return charts.filter(({ lines }) => lines.length > 0)
}

// --- Internal helpers ---

const MOST_POINTS = 900

const hasSome = ({ values }: Line): boolean => values.some((value) => value !== null && value > 0)

const empty = (grid: Grid): (number | null)[] => Array.from({ length: grid.count }, () => null)

const slot = (grid: Grid, at: number): number => Math.floor((at - grid.from) / grid.stepMs)

/** The last sample of every slot. */
const onGrid = ({ samples }: SampleSeries, grid: Grid): (number | null)[] => {
  const values = empty(grid)
  for (const [at, value] of samples) {
    const index = slot(grid, at)
    if (index >= 0 && index < grid.count) values[index] = value
  }
  return values
}

const sumOf = (columns: readonly (number | null)[][], grid: Grid): (number | null)[] =>
  empty(grid).map((_, index) => {
    const there = columns.flatMap((column) => column[index] ?? [])
    return there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0)
  })

/** k6's gauge without the virtual users that are none of the load's. */
const users = (series: readonly SampleSeries[] | undefined, grid: Grid, others: number): Line[] =>
  total('users', series, grid).map(({ name, values }) => ({
    name,
    values: values.map((value) => (value === null ? null : Math.max(0, value - others))),
  }))

const total = (name: string, series: readonly SampleSeries[] | undefined, grid: Grid): Line[] =>
  series === undefined || series.length === 0
    ? []
    : [
        {
          name,
          values: sumOf(
            series.map((one) => onGrid(one, grid)),
            grid,
          ),
        },
      ]

const byPod = (series: readonly SampleSeries[] | undefined, grid: Grid): Line[] => {
  const pods = Map.groupBy(series ?? [], ({ labels }) => labels.pod ?? labels.instance ?? 'all')
  return [...pods]
    .map(([name, own]) => ({
      name,
      values: sumOf(
        own.map((one) => onGrid(one, grid)),
        grid,
      ),
    }))
    .filter(({ values }) => values.some((value) => value !== null))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The increase of counters from slot to slot, a second; a counter that fell has started anew. */
const rate = (name: string, series: readonly SampleSeries[], grid: Grid): Line[] => {
  const columns = series.map(({ samples }) => {
    const values = empty(grid)
    for (const [index, [at, value]] of samples.entries()) {
      const before = samples[index - 1]
      const place = slot(grid, at)
      if (before === undefined || place < 0 || place >= grid.count) continue
      const increase = value >= before[1] ? value - before[1] : value
      values[place] = increase / ((at - before[0]) / 1_000)
    }
    return values
  })
  return [{ name, values: sumOf(columns, grid) }]
}

const perSecond = (
  records: readonly RequestRow[],
  grid: Grid,
  weight: (record: RequestRow) => number,
  at: (record: RequestRow) => number = ({ ended }) => ended,
): Line[] => {
  const values = Array.from({ length: grid.count }, () => 0)
  for (const record of records) {
    const index = slot(grid, at(record))
    if (index >= 0 && index < grid.count) values[index] = (values[index] ?? 0) + weight(record) / (grid.stepMs / 1_000)
  }
  return records.length === 0 ? [] : [{ name: 'a second', values }]
}

const inFlight = (records: readonly RequestRow[], grid: Grid): Line[] => {
  if (records.length === 0) return []
  const { at, counts } = inFlightLevels(records)
  let next = 0
  const values = Array.from({ length: grid.count }, (_, index) => {
    while ((at[next] ?? Infinity) <= grid.from + index * grid.stepMs) next += 1
    return counts[next - 1] ?? 0
  })
  return [{ name: 'in flight', values }]
}

/** No finer than the client's own error, as all percentiles. */
const ttft = (records: readonly RequestRow[], grid: Grid, errorMs: number | null): Line[] => {
  // Percentiles of a handful jump about: at least five seconds of first tokens go into each.
  const reach = Math.max(1, Math.ceil(5_000 / grid.stepMs))
  const slots: number[][] = Array.from({ length: grid.count }, () => [])
  for (const record of records)
    if (record.ttft !== null) slots[slot(grid, (record.written ?? record.started) + record.ttft)]?.push(record.ttft)
  const percentile = (share: number): (number | null)[] =>
    slots.map((_, index) => {
      const near = Float64Array.from(slots.slice(Math.max(0, index - reach + 1), index + 1).flat()).sort()
      return near.length === 0 ? null : told(rank(near, share), errorMs) / 1_000
    })
  return records.length === 0
    ? []
    : [
        { name: 'p50', values: percentile(0.5) },
        { name: 'p95', values: percentile(0.95) },
      ]
}
