import { UserError } from '../core/errors.ts'
import type { AlertRule } from '../core/rule.ts'
import type { SampleSeries } from '../core/run-folder.ts'
import {
  type ActiveAlert,
  Alerts,
  BuildInfo,
  Config,
  Flags,
  Metadata,
  Names,
  type QueryResult,
  QueryResult as QueryResultSchema,
  RuleGroups,
  SeriesList,
  Targets,
} from './api.ts'
import { parsePromDuration } from './duration.ts'
import { type ClientOptions, makeRequester } from './request.ts'
import { alertRules, type SymptomMap } from './rules.ts'

export type { ClientOptions, Fetch } from './request.ts'

/** Milliseconds since the epoch, here and in all that follows. */
export interface Span {
  from: number
  to: number
}

export interface InstantSample {
  labels: Record<string, string>
  value: number
  at: number
}

export interface Target {
  labels: Record<string, string>
  pool: string
  url: string
  health: string
  lastError: string
  lastScrape: number | null
  scrapeIntervalMs: number
}

/** Every method throws UserError `prometheus-unreachable` or `prometheus-refused`. */
export interface PrometheusClient {
  url: string
  /** False while it still replays its log. */
  ready(): Promise<boolean>
  /** An instant query; a scalar comes as one sample without labels. */
  query(promql: string, at?: number): Promise<InstantSample[]>
  /** Evaluates at from, from + step, … ≤ to: at most 11,000 points a series. */
  queryRange(promql: string, span: Span, stepMs: number): Promise<SampleSeries[]>
  /** Raw samples as they were scraped or written, (from, to]: no step, no lookback, staleness markers left out. */
  samples(selector: string, span: Span): Promise<SampleSeries[]>
  rules(symptoms?: SymptomMap): Promise<AlertRule[]>
  alerts(): Promise<ActiveAlert[]>
  targets(): Promise<Target[]>
  /** Label sets of the series that match and had samples. */
  series(selector: string, span: Span): Promise<Record<string, string>[]>
  metricNames(span: Span): Promise<string[]>
  /** Names of the metric families that targets describe (HELP, TYPE), also of those without a series. */
  describedMetrics(): Promise<string[]>
  config(): Promise<string>
  flags(): Promise<Record<string, string>>
  buildInfo(): Promise<{ version: string; revision: string; goVersion: string }>
}

export const prometheusClient = (options: ClientOptions): PrometheusClient => {
  const { get, post, raw } = makeRequester(options)
  const instant = (query: string, at?: number): Promise<QueryResult> =>
    post('/api/v1/query', QueryResultSchema, { query, time: at === undefined ? undefined : seconds(at) })

  return {
    url: options.endpoint.url,
    ready: async () => (await raw('/-/ready')).status === 200,
    query: async (promql, at) => toInstant(promql, await instant(promql, at)),
    queryRange: async (promql, { from, to }, stepMs) => {
      const params = { query: promql, start: seconds(from), end: seconds(to), step: seconds(stepMs) }
      return toSeries(await post('/api/v1/query_range', QueryResultSchema, params))
    },
    samples: async (selector, { from, to }) => {
      const range = Math.round(to) - Math.round(from)
      return range <= 0 ? [] : toSeries(await instant(`${selector}[${range}ms]`, Math.round(to)))
    },
    rules: async (symptoms) => {
      const { groups } = await get('/api/v1/rules', RuleGroups, { type: 'alert' })
      return alertRules(groups, symptoms)
    },
    alerts: async () => (await get('/api/v1/alerts', Alerts)).alerts,
    targets: async () =>
      (await get('/api/v1/targets', Targets, { state: 'active' })).activeTargets.map((target) => ({
        labels: target.labels,
        pool: target.scrapePool,
        url: target.scrapeUrl,
        health: target.health,
        lastError: target.lastError,
        lastScrape: target.lastScrape,
        scrapeIntervalMs: parsePromDuration(target.scrapeInterval) ?? 0,
      })),
    series: (selector, { from, to }) =>
      post('/api/v1/series', SeriesList, { 'match[]': selector, start: seconds(from), end: seconds(to) }),
    metricNames: ({ from, to }) =>
      get('/api/v1/label/__name__/values', Names, { start: seconds(from), end: seconds(to) }),
    describedMetrics: async () => Object.keys(await get('/api/v1/metadata', Metadata)),
    config: async () => (await get('/api/v1/status/config', Config)).yaml,
    flags: () => get('/api/v1/status/flags', Flags),
    buildInfo: () => get('/api/v1/status/buildinfo', BuildInfo),
  }
}

// --- Internal helpers ---

const seconds = (ms: number): string => (ms / 1_000).toFixed(3)

const toInstant = (promql: string, result: QueryResult): InstantSample[] => {
  if (result.resultType === 'scalar') return [{ labels: {}, at: result.result[0], value: result.result[1] }]
  if (result.resultType !== 'vector') {
    throw new UserError({
      code: 'prometheus-refused',
      message: `expected a query that gives a vector or a scalar, found ${result.resultType}: ${promql}`,
      hint: 'a range like up[5m] goes into a function, for example rate() or max_over_time()',
    })
  }
  return result.result.map(({ metric, value: [at, value] }) => ({ labels: metric, at, value }))
}

const toSeries = (result: QueryResult): SampleSeries[] =>
  result.resultType === 'matrix' ? result.result.map(({ metric, values }) => ({ labels: metric, samples: values })) : []
