import type { AlertRule } from '../../core/rule.ts'
import { CONDITION_ALERT, CONDITION_GROUP, type SampleSeries } from '../../core/run-folder.ts'
import type { PrometheusClient, Span } from '../../prometheus/client.ts'
import { jsonSamples } from './raw-samples.ts'

/** Prometheus refuses more than 11,000 points a series. */
const MAX_POINTS = 10_000

/**
 * The rule's expression at the very times at which its group evaluated it: lines of conditions.jsonl, each with the
 * labels of the result and the rule's name and group. One line without samples where the condition never held.
 */
export const collectConditions = async (
  client: Pick<PrometheusClient, 'queryRange'>,
  rule: AlertRule,
  span: Span,
): Promise<SampleSeries[]> => {
  const own = { [CONDITION_ALERT]: rule.alert, [CONDITION_GROUP]: rule.group }
  const lines = new Map<string, SampleSeries>()
  for (const { from, to } of slotSpans(rule, span)) {
    for (const series of await client.queryRange(rule.expr, { from, to }, rule.intervalMs)) {
      const { labels, samples } = jsonSamples(series)
      const key = JSON.stringify(Object.entries(labels).sort())
      const known = lines.get(key)
      if (known === undefined) lines.set(key, { labels: { ...labels, ...own }, samples })
      else known.samples.push(...samples)
    }
  }
  return lines.size > 0 ? [...lines.values()] : [{ labels: own, samples: [] }]
}

/**
 * The rule with `evaluatedAt` on its group's true slot: ALERTS samples carry the time an evaluation was for, the API
 * only the (slightly later) time it began. Unchanged where no alert of the group was active during the run.
 */
export const onSlot = (rule: AlertRule, rules: readonly AlertRule[], alerts: readonly SampleSeries[]): AlertRule => {
  const groupOf = (alert: string | undefined): string[] => [
    ...new Set(rules.filter((other) => other.alert === alert).map(({ file, group }) => `${file}\0${group}`)),
  ]
  for (const { labels, samples } of alerts) {
    const groups = groupOf(labels['alertname'])
    const last = samples.at(-1)
    // A name that two groups share says nothing of either.
    if (last !== undefined && groups.length === 1 && groups[0] === `${rule.file}\0${rule.group}`) {
      return { ...rule, evaluatedAt: last[0] }
    }
  }
  return rule
}

// --- Internal helpers ---

const slotSpans = ({ evaluatedAt, intervalMs }: AlertRule, { from, to }: Span): Span[] => {
  if (intervalMs <= 0) return []
  const first = from + ((((evaluatedAt - from) % intervalMs) + intervalMs) % intervalMs)
  const spans: Span[] = []
  for (let start = first; start <= to; start += MAX_POINTS * intervalMs) {
    spans.push({ from: start, to: Math.min(to, start + (MAX_POINTS - 1) * intervalMs) })
  }
  return spans
}
