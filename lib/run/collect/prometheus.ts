import { join } from 'node:path'
import { errorMessage } from '../../core/errors.ts'
import type { AlertRule } from '../../core/rule.ts'
import { RUN_FILES, type SampleSeries } from '../../core/run-folder.ts'
import type { PrometheusClient, Span } from '../../prometheus/client.ts'
import { readExpression } from '../../prometheus/promql.ts'
import type { SymptomMap } from '../../prometheus/rules.ts'
import { writeJson } from '../folder.ts'
import { collectConditions, onSlot } from './conditions.ts'
import { type OnProblem, writeJsonl } from './jsonl.ts'
import { collectPresence } from './presence.ts'
import { rawSamples } from './raw-samples.ts'
import { collectSeries } from './series.ts'

export interface PrometheusOptions extends Span {
  client: PrometheusClient
  runDir: string
  namespace: string
  /** The symptoms that the plan gave to alerts, so that the record agrees with it. */
  symptoms: SymptomMap
  onProgress?: ((what: string) => void) | undefined
  onProblem: OnProblem
  signal?: AbortSignal | undefined
}

/**
 * Takes from Prometheus all that scoring, report and data set need of [from, to]: rules, raw ALERTS, each rule's own
 * condition, scrapes, presence, series. A part that fails is told and left out; the others are taken all the same.
 */
export const collectPrometheus = async (options: PrometheusOptions): Promise<void> => {
  const { client, runDir, from, to, namespace, symptoms, onProgress = () => {}, onProblem, signal } = options
  const span = { from: Math.floor(from), to: Math.ceil(to) }
  const file = (name: string): string => join(runDir, name)
  const part = async <T>(what: string, collect: () => Promise<T>): Promise<T | null> => {
    if (signal?.aborted) return null
    onProgress(what)
    try {
      return await collect()
    } catch (error) {
      onProblem(`${what} could not be collected: ${errorMessage(error)}`)
      return null
    }
  }

  const alerts = await part('alerts', async () => {
    const series = await rawSamples(client, 'ALERTS', span)
    await writeJsonl(file(RUN_FILES.alerts), series)
    return series
  })
  const rules = await part('rules', async () => {
    const found = await client.rules(symptoms)
    const exact = found.map((rule) => onSlot(rule, found, alerts ?? []))
    await writeJson(file(RUN_FILES.rules), exact)
    return exact
  })
  await part('scrapes', async () => writeJsonl(file(RUN_FILES.scrapes), await rawSamples(client, 'up', span)))
  if (rules === null) return
  await part('conditions', async () => {
    const lines = await conditionsOf(client, rules, span, onProblem)
    await writeJsonl(file(RUN_FILES.conditions), lines)
  })
  await part('presence', async () => writeJson(file(RUN_FILES.presence), await collectPresence(client, rules, span)))
  await part('series', () =>
    collectSeries({
      client,
      dir: runDir,
      span,
      namespace,
      read: rules.flatMap(({ expr }) => readExpression(expr).allMetrics),
      onMetric: (metric, done, of) => onProgress(`series ${done} of ${of}: ${metric}`),
    }),
  )
}

// --- Internal helpers ---

/** A rule whose expression Prometheus refuses has no line, and takes none from the others. */
const conditionsOf = async (
  client: PrometheusClient,
  rules: readonly AlertRule[],
  span: Span,
  onProblem: OnProblem,
): Promise<SampleSeries[]> => {
  const lines: SampleSeries[] = []
  for (const rule of rules) {
    try {
      lines.push(...(await collectConditions(client, rule, span)))
    } catch (error) {
      onProblem(`the condition of ${rule.alert} could not be evaluated: ${errorMessage(error)}`)
    }
  }
  return lines
}
