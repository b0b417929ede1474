import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { RUN_FILES, seriesFile } from '../../core/run-folder.ts'
import { writeParquet } from '../../parquet/write.ts'
import type { PrometheusClient, Span } from '../../prometheus/client.ts'
import { rawSamples } from './raw-samples.ts'

/** Kept whatever the rules read: what a timeline, a report and a data set need. */
const KEPT = [
  /^vllm:(?!.*_(created|bucket)$)/,
  /^vllm:(time_to_first_token|inter_token_latency|request_queue_time|e2e_request_latency)_seconds_bucket$/,
  /^gateway_(?!.*_bucket$)/,
  /^DCGM_/,
  /^k6_/,
  /^kube_deployment_(spec_replicas|status_replicas_available)$/,
  /^kube_pod_(status_ready|container_status_restarts_total)$/,
]
/** Of a Prometheus that watches more than the target, only the target's own. */
const NAMESPACED = /^(vllm:|gateway_|kube_)/

export interface SeriesOptions {
  client: Pick<PrometheusClient, 'metricNames' | 'samples'>
  /** The run folder. */
  dir: string
  span: Span
  namespace: string
  /** Metrics that rules read: kept, whatever they are. */
  read: readonly string[]
  onMetric(metric: string, done: number, of: number): void
}

/** Writes a Parquet file of raw samples for each metric worth keeping. */
export const collectSeries = async ({ client, dir, span, namespace, read, onMetric }: SeriesOptions): Promise<void> => {
  const present = await client.metricNames(span)
  const wanted = new Set(read)
  const metrics = present.filter((name) => wanted.has(name) || KEPT.some((pattern) => pattern.test(name)))
  await mkdir(join(dir, RUN_FILES.series), { recursive: true })
  for (const [index, metric] of metrics.entries()) {
    const matchers = [JSON.stringify(metric), ...(NAMESPACED.test(metric) ? [own(namespace)] : [])]
    const rows = (await rawSamples(client, `{${matchers.join(',')}}`, span)).flatMap(({ labels, samples }) => {
      const text = JSON.stringify(labels)
      return samples.map(([at, value]) => ({ at, value, text }))
    })
    await writeParquet(join(dir, seriesFile(metric)), [
      { name: 'time_ms', type: 'INT64', data: rows.map(({ at }) => at) },
      { name: 'value', type: 'DOUBLE', data: rows.map(({ value }) => value) },
      { name: 'labels', type: 'STRING', data: rows.map(({ text }) => text) },
    ])
    onMetric(metric, index + 1, metrics.length)
  }
}

// --- Internal helpers ---

/** Series without a namespace are taken too: a Prometheus of one application has no need of the label. */
const own = (namespace: string): string => `namespace=~${JSON.stringify(`|${namespace}`)}`
