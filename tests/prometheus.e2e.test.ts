import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { AlertRule } from '../lib/core/rule.ts'
import { CONDITION_ALERT, Notification, Presence, RUN_FILES, SampleSeries, seriesFile } from '../lib/core/run-folder.ts'
import { until } from '../lib/core/until.ts'
import { readParquet } from '../lib/parquet/read.ts'
import { prometheusClient } from '../lib/prometheus/client.ts'
import { collectNotifications } from '../lib/run/collect/notifications.ts'
import { collectPrometheus } from '../lib/run/collect/prometheus.ts'
import { type Alerting, startAlerting } from './support/alerting.ts'

const RULES = `
groups:
  - name: one
    rules:
      - { alert: Full, expr: 'vllm:kv_cache_usage_perc > 0.9', for: 2s, labels: { symptom: cache } }
      - { alert: Dead, expr: 'vllm:gpu_cache_usage_perc > 0.9', for: 2s }
      - { alert: NothingToSay, expr: 'described_only > 0 unless absent(vllm:gone)', for: 2s }
      - { alert: Broken, expr: 'twins + on () twins > 0', for: 2s }
  - name: two
    rules:
      - { alert: Always, expr: 'vector(1) > 0', for: 0s, labels: { symptom: gpu } }
`

let usage = 0.4
const page = (): string => `# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{namespace="llm",pod="vllm-0",model_name="chat"} ${usage}
vllm:kv_cache_usage_perc{namespace="other",pod="vllm-9",model_name="chat"} 0.1
# TYPE gateway_requests_total counter
gateway_requests_total{code="200"} 10
# TYPE described_only gauge
twins{of="a"} 1
twins{of="b"} NaN
`

let alerting: Alerting
let dir = ''
const span = { from: 0, to: 0 }
const problems: string[] = []

const lines = async <T>(name: string, schema: z.ZodType<T>): Promise<T[]> =>
  (await readFile(join(dir, name), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => schema.parse(JSON.parse(line)))

const isFiring = (name: string) => async (): Promise<boolean> =>
  (await alerting.client.alerts()).some(({ labels, state }) => labels['alertname'] === name && state === 'firing')

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firedrill-test-'))
  alerting = await startAlerting({ metrics: page, rules: RULES })
  // A new Prometheus writes no ALERTS in its first evaluations: it looks for the past of its alerts first.
  const written = async (): Promise<boolean> => (await alerting.client.query('ALERTS{alertname="Always"}')).length > 0
  await until(written, { what: 'the first ALERTS', timeoutMs: 20_000 })
  span.from = Date.now()
  const stop = new AbortController()
  const service = (url: string) => ({ endpoint: { url, headers: {} }, fetch: globalThis.fetch })
  const watch = { from: span.from, onProblem: (problem: string) => problems.push(problem), signal: stop.signal }
  const watched = Promise.all([
    collectNotifications({ ...watch, runDir: dir, notifications: service(alerting.receiver), alertmanager: null }),
    collectNotifications({
      ...watch,
      runDir: join(dir, 'polled'),
      notifications: null,
      alertmanager: service(alerting.alertmanager),
    }),
  ])
  await delay(2_000)
  usage = 0.95
  await until(isFiring('Full'), { what: 'the alert', timeoutMs: 20_000 })
  await delay(2_000)
  usage = 0.4
  await until(async () => !(await isFiring('Full')()), { what: 'its end', timeoutMs: 20_000 })
  await delay(2_500)
  stop.abort()
  await watched
  span.to = Date.now()
  await collectPrometheus({
    ...span,
    client: alerting.client,
    runDir: dir,
    namespace: 'llm',
    symptoms: { Dead: 'cache' },
    onProblem: (problem) => problems.push(problem),
  })
})

afterAll(async () => {
  await alerting?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

test('rules come with their health, their symptom by label or map, and the metrics they read', async () => {
  const rules = z.array(AlertRule).parse(JSON.parse(await readFile(join(dir, RUN_FILES.rules), 'utf8')))
  const of = (name: string) => rules.find(({ alert }) => alert === name)
  expect(of('Full')).toMatchObject({ symptom: 'cache', health: 'ok', forMs: 2_000, intervalMs: 1_000, group: 'one' })
  expect(of('Dead')).toMatchObject({ symptom: 'cache', metrics: ['vllm:gpu_cache_usage_perc'] })
  expect(of('NothingToSay')).toMatchObject({ symptom: null, metrics: ['described_only'] })
  expect(of('Broken')).toMatchObject({ health: 'err', lastError: expect.stringContaining('duplicate series') })
})

test('the condition, evaluated again at the rule’s own times, is true exactly where ALERTS has samples', async () => {
  const alerts = await lines(RUN_FILES.alerts, SampleSeries)
  const conditions = await lines(RUN_FILES.conditions, SampleSeries)
  const timesOf = (series: SampleSeries[]): number[] =>
    series.flatMap(({ samples }) => samples.map(([at]) => at)).sort()
  const states = alerts.filter(({ labels }) => labels['alertname'] === 'Full').map(({ labels }) => labels['alertstate'])
  expect(states.sort()).toEqual(['firing', 'pending'])
  for (const name of ['Full', 'Always']) {
    const active = timesOf(alerts.filter(({ labels }) => labels['alertname'] === name))
    expect(active.length).toBeGreaterThan(3)
    expect(timesOf(conditions.filter(({ labels }) => labels[CONDITION_ALERT] === name))).toEqual(active)
  }
})

test('a condition that never held has one empty line, one that cannot be evaluated has none', async () => {
  const conditions = await lines(RUN_FILES.conditions, SampleSeries)
  const of = (name: string) => conditions.filter(({ labels }) => labels[CONDITION_ALERT] === name)
  expect(of('Dead')).toEqual([{ labels: { __alert__: 'Dead', __group__: 'one' }, samples: [] }])
  expect(of('Broken')).toEqual([])
  expect(problems).toEqual([expect.stringContaining('condition of Broken')])
})

test('presence tells a metric that nobody has from one that had nothing to report', async () => {
  const presence = Presence.parse(JSON.parse(await readFile(join(dir, RUN_FILES.presence), 'utf8')))
  expect(presence).toEqual({
    described_only: null,
    twins: 2,
    'vllm:gpu_cache_usage_perc': 0,
    'vllm:kv_cache_usage_perc': 2,
  })
})

test('series are raw samples at the times of the scrapes, of the target’s namespace', async () => {
  const [up] = await lines(RUN_FILES.scrapes, SampleSeries)
  const rows = await readParquet(join(dir, seriesFile('vllm:kv_cache_usage_perc')))
  expect(new Set(rows.map(({ labels }) => labels))).toEqual(
    new Set([
      JSON.stringify({
        instance: up?.labels['instance'],
        job: 'program',
        model_name: 'chat',
        namespace: 'llm',
        pod: 'vllm-0',
      }),
    ]),
  )
  expect(rows.map(({ time_ms }) => time_ms)).toEqual(up?.samples.map(([at]) => at))
  expect(new Set(rows.map(({ value }) => value))).toEqual(new Set([0.4, 0.95]))
  expect(await readParquet(join(dir, seriesFile('gateway_requests_total')))).not.toHaveLength(0)
  const twins = await readParquet(join(dir, seriesFile('twins')))
  expect(twins.some(({ value }) => Number.isNaN(value))).toBe(true)
})

test.each(['.', 'polled'])('notifications of the alert’s begin and end (%s)', async (folder) => {
  const told = (await lines(join(folder, RUN_FILES.notifications), Notification)).filter(({ alerts }) =>
    alerts.some(({ labels }) => labels['alertname'] === 'Full'),
  )
  expect(told.map(({ status }) => status)).toEqual(['firing', 'resolved'])
  const [alert] = told[0]?.alerts ?? []
  expect(alert?.startsAt).toBeGreaterThan(span.from)
  expect(told[1]?.alerts[0]).toMatchObject({ fingerprint: alert?.fingerprint, endsAt: expect.any(Number) })
})

test('the client’s other questions', async () => {
  const { client } = alerting
  expect((await client.targets())[0]).toMatchObject({ pool: 'program', health: 'up', scrapeIntervalMs: 1_000 })
  expect(await client.config()).toContain('evaluation_interval: 1s')
  expect((await client.flags())['query.lookback-delta']).toBe('5m')
  expect(await client.series('up', span)).toEqual([{ __name__: 'up', instance: expect.any(String), job: 'program' }])
  expect(await client.query('1 + 1')).toEqual([{ labels: {}, at: expect.any(Number), value: 2 }])
  expect(await client.query('gone')).toEqual([])
  const points = await client.queryRange('vector(1)', { from: span.to - 2_000, to: span.to }, 1_000)
  expect(points[0]?.samples.map(([at]) => at)).toEqual([span.to - 2_000, span.to - 1_000, span.to])
})

test('what Prometheus refuses, and who is not Prometheus', async () => {
  await expect(alerting.client.query('rate(up')).rejects.toMatchObject({
    code: 'prometheus-refused',
    message: expect.stringContaining('parse error'),
  })
  const at = (url: string) => prometheusClient({ endpoint: { url, headers: {} }, exitCode: 64 })
  await expect(at('http://127.0.0.1:9').rules()).rejects.toMatchObject({
    code: 'prometheus-unreachable',
    message: expect.stringContaining('http://127.0.0.1:9'),
    exitCode: 64,
  })
  await expect(at(alerting.receiver).buildInfo()).rejects.toMatchObject({
    code: 'prometheus-unreachable',
    message: expect.stringContaining('HTTP 404'),
  })
})
