import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { toolPath } from '../../toolchain/tools.mjs'
import { playIncident } from '../incident.ts'
import { readByRules, shippedIncident } from '../testing/play.ts'
import { seriesOf } from './client.ts'
import type { FrameWriter } from './frames.ts'
import { type SimulatedPrometheus, startSimulatedPrometheus } from './simulated-prometheus.ts'

const STEP_MS = 2_000

/** A series on a grid of whole steps: a value, `stale`, or nothing at each. */
interface GridSeries {
  number: number
  labels: Readonly<Record<string, string>>
  values: (number | 'stale' | null)[]
}

/** Keeps the series that pass by, each sample at the end of its step. */
const gridOf = (prometheus: SimulatedPrometheus): { prometheus: SimulatedPrometheus; series: GridSeries[] } => {
  const series: GridSeries[] = []
  let first: number | null = null
  let at = 0
  const put = (number: number, time: number, value: number | 'stale'): void => {
    first ??= Math.floor(time / STEP_MS)
    const values = series[number]?.values ?? []
    const step = Math.ceil(time / STEP_MS) - first
    while (values.length <= step) values.push(null)
    // A marker that came late is not newer than what was scraped since.
    values[step] = value
  }
  const { frames } = prometheus
  const recorded: Omit<FrameWriter, 'json' | 'take'> = {
    ...frames,
    series: (number, labels) => {
      series[number] = { number, labels, values: [] }
      frames.series(number, labels)
    },
    scrape: (time) => {
      at = time
      frames.scrape(time)
    },
    sample: (number, value) => {
      put(number, at, value)
      frames.sample(number, value)
    },
    stale: (time, numbers) => {
      for (const number of numbers) put(number, time, 'stale')
      frames.stale(time, numbers)
    },
  }
  return { prometheus: { ...prometheus, frames: recorded }, series }
}

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'simulated-'))
})
afterAll(() => rm(dir, { recursive: true }))

const nameOf = ({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`

/** Alerts that were pending or firing at each step, by our own process. */
const alertsOnGrid = async (
  series: readonly GridSeries[],
  rules: Readonly<Record<string, string>>,
  steps: number,
): Promise<Map<number, string[]>> => {
  await using prometheus = startSimulatedPrometheus(toolPath('simulated-prometheus'))
  const { frames } = prometheus
  await prometheus.open({ rules, evaluationIntervalMs: STEP_MS, from: -STEP_MS, aligned: true })
  for (const { number, labels } of series) frames.series(number, labels)
  for (let step = 0; step < steps; step++) {
    const at = step * STEP_MS
    frames.scrape(at)
    for (const { number, values } of series) {
      const value = values[step]
      if (typeof value === 'number') frames.sample(number, value)
    }
    const stale = series.filter(({ values }) => values[step] === 'stale').map(({ number }) => number)
    if (stale.length > 0) frames.stale(at, stale)
    frames.evaluate(at)
  }
  const range = `ALERTS[${steps * STEP_MS}ms]`
  const found = seriesOf(await prometheus.ask({ kind: 'query', expr: range, at: (steps - 1) * STEP_MS }))
  const active = new Map<number, string[]>()
  for (const { labels, samples } of found) {
    for (const [at] of samples) {
      const step = at / STEP_MS
      active.set(step, [...(active.get(step) ?? []), nameOf(labels)])
    }
  }
  return active
}

test('promtool finds the same alerts in the simulated series, at every evaluation', { timeout: 120_000 }, async () => {
  const input = await shippedIncident('quick.ts', 1)
  const { rules } = input.stack
  const wanted = readByRules(rules)
  const { prometheus, series } = gridOf(input.prometheus)
  await using process = input.prometheus
  expect(process.pid).toBeGreaterThan(0)
  await playIncident({ ...input, prometheus, wanted: (metric) => wanted.has(metric) })

  const steps = Math.max(...series.map(({ values }) => values.length))
  const active = await alertsOnGrid(series, rules, steps)
  const names = new Set([...active.values()].flat().flatMap((name) => /alertname="(\w+)"/.exec(name)?.[1] ?? []))
  // The drill is rich enough for the comparison to mean something.
  expect(names.size).toBeGreaterThanOrEqual(10)

  for (const [name, text] of Object.entries(rules)) await writeFile(join(dir, name), text)
  const seconds = (step: number): string => `${(step * STEP_MS) / 1_000}s`
  const file = {
    rule_files: Object.keys(rules),
    evaluation_interval: seconds(1),
    tests: [
      {
        interval: seconds(1),
        input_series: series.map(({ labels, values }) => ({
          series: nameOf(labels),
          values: Array.from({ length: steps }, (_, step) => values[step] ?? '_').join(' '),
        })),
        promql_expr_test: Array.from({ length: steps }, (_, step) => ({
          expr: 'ALERTS',
          eval_time: seconds(step),
          exp_samples: (active.get(step) ?? []).map((labels) => ({ labels, value: 1 })),
        })),
      },
    ],
  }
  const path = join(dir, 'simulated.test.yaml')
  await writeFile(path, stringify(file, { lineWidth: 0 }))
  const { stdout, stderr, exitCode } = await execa(toolPath('promtool'), ['test', 'rules', path], { reject: false })
  expect({ exitCode, said: `${stdout}${stderr}`.slice(0, 4_000) }).toMatchObject({ exitCode: 0 })
})
