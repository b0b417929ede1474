import type { SampleSeries } from '../../lib/core/run-folder.ts'
import { rank } from '../../lib/core/rank.ts'
import { told } from '../read/precision.ts'
import { isFailed } from '../read/requests.ts'
import type { RunData } from '../read/run-data.ts'
import type { Redactor } from './redact.ts'
import { addColumns, gaugeColumn, rateColumn, type Column } from './resample.ts'

/** A column of metrics.csv is `<service>_<metric>`, with one underscore: loaders split there. */
export type Columns = Map<string, Column>

/** Everything that was kept of the target, a value a second: gauges as they stood, counters as their rate. */
export const seriesColumns = (
  { series, plan }: RunData,
  redactor: Redactor,
  fromS: number,
  seconds: number,
): Columns => {
  const staleMs = 5 * (plan?.timing.scrapeIntervalMs ?? 15_000)
  const parts = new Map<string, Column[]>()
  for (const [metric, own] of series) {
    if (!isColumn(metric) || !redactor.metric(metric)) continue
    const resample = isCounter(metric) ? rateColumn : gaugeColumn
    for (const { labels, samples } of own) {
      const service = redactor.name(serviceOf(labels))
      // kube-state-metrics has a series for each answer to a condition; their sum is always 1.
      if (service === null || (labels.condition ?? 'true') !== 'true') continue
      const column = resample(samples, fromS, seconds, staleMs)
      if (column.every((value) => value === null)) continue
      const name = `${serviceToken(service)}_${metricToken(metric)}`
      const known = parts.get(name)
      if (known === undefined) parts.set(name, [column])
      else known.push(column)
    }
  }
  return new Map([...parts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, columns]) => [name, addColumns(columns)]))
}

/**
 * What users saw, from the request records: TTFT p95 of the last five seconds (seconds), no finer than the client's own
 * error; requests, failures and tokens a second.
 */
export const frontendColumns = (
  { requests, calibration }: Pick<RunData, 'requests' | 'calibration'>,
  fromS: number,
  seconds: number,
): Columns => {
  const errorMs = calibration?.errors.ttft.p99 ?? null
  const zeros = (): number[] => Array.from({ length: seconds }, () => 0)
  const [workload, error, tokens] = [zeros(), zeros(), zeros()]
  const firsts: number[][] = Array.from({ length: seconds }, () => [])
  for (const request of requests ?? []) {
    const at = Math.floor(request.ended / 1_000) - fromS
    if (at >= 0 && at < seconds) {
      workload[at] = (workload[at] ?? 0) + 1
      error[at] = (error[at] ?? 0) + (isFailed(request) ? 1 : 0)
      tokens[at] = (tokens[at] ?? 0) + request.outputTokens
    }
    if (request.ttft === null) continue
    firsts[Math.floor(((request.written ?? request.started) + request.ttft) / 1_000) - fromS]?.push(request.ttft)
  }
  const latency = firsts.map((_, index): number | null => {
    const recent = Float64Array.from(firsts.slice(Math.max(0, index - 4), index + 1).flat()).sort()
    return recent.length === 0 ? null : told(rank(recent, 0.95), errorMs) / 1_000
  })
  return new Map<string, Column>([
    ['frontend_latency', latency],
    ['frontend_workload', workload],
    ['frontend_error', error],
    ['frontend_tokens', tokens],
  ])
}

/** `vllm:kv_cache_usage_perc` is `kvcacheusageperc`: one token, since loaders read the second one only. */
export const metricToken = (metric: string): string =>
  metric
    .replace(/^vllm:|^DCGM_FI_DEV_|^gateway_/, '')
    .replace(/_total$/, '')
    .replaceAll(/[^a-zA-Z0-9]/g, '')
    .toLowerCase()

// --- Internal helpers ---

/** Buckets are columns by the hundred, `_created` and `_info` are constants. */
const isColumn = (metric: string): boolean => !/_(bucket|created|info)$/.test(metric)

const isCounter = (metric: string): boolean => /_(total|sum|count)$/.test(metric)

/** What a series speaks of: exporters carry a pod label of their own beside it. */
const serviceOf = ({ deployment, Hostname, pod, node, job }: SampleSeries['labels']): string =>
  deployment ?? Hostname ?? pod ?? node ?? job ?? 'cluster'

/** One underscore would cut the name in two; loaders strip a final `-db`. */
const serviceToken = (service: string): string => service.replaceAll(/[^a-zA-Z0-9.-]/g, '-').replace(/-db$/, '-dbs')
