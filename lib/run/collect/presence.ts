import type { AlertRule } from '../../core/rule.ts'
import type { Presence } from '../../core/run-folder.ts'
import type { PrometheusClient, Span } from '../../prometheus/client.ts'

/**
 * How many series each metric that a rule reads had in the span: 0 where nothing has such a metric, null where a target
 * describes it and had nothing to report (kube-state-metrics' waiting reasons while nobody waits).
 */
export const collectPresence = async (
  client: Pick<PrometheusClient, 'query' | 'describedMetrics'>,
  rules: readonly AlertRule[],
  { from, to }: Span,
): Promise<Presence> => {
  const names = [...new Set(rules.flatMap(({ metrics }) => metrics))].sort()
  const described = new Set(await client.describedMetrics())
  const presence: Presence = {}
  for (const name of names) {
    const [count] = await client.query(`count(last_over_time({${JSON.stringify(name)}}[${to - from}ms]))`, to)
    presence[name] = count?.value ?? (isDescribed(name, described) ? null : 0)
  }
  return presence
}

// --- Internal helpers ---

/** A family's series have suffixes of their own: histograms always, counters in OpenMetrics. */
const isDescribed = (name: string, described: ReadonlySet<string>): boolean =>
  described.has(name) || described.has(name.replace(/_(bucket|sum|count|total)$/, ''))
