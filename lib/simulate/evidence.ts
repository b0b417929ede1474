import type { AlertRule } from '../core/rule.ts'
import { CONDITION_ALERT, CONDITION_GROUP, type Presence, type SampleSeries } from '../core/run-folder.ts'
import type { PrometheusClient, Span } from '../prometheus/client.ts'
import { onSlot } from '../run/collect/conditions.ts'
import { collectPresence } from '../run/collect/presence.ts'
import { rawSamples } from '../run/collect/raw-samples.ts'
import type { SymptomMap } from '../prometheus/rules.ts'

/** Prometheus' part of what a verdict needs, as a run folder has it. */
export interface Evidence {
  alerts: SampleSeries[]
  rules: AlertRule[]
  scrapes: SampleSeries[]
  conditions: SampleSeries[]
  presence: Presence
  /** k6's gauge of its users. */
  users: SampleSeries[]
}

/** The same that lib/run/collect writes into files, but for the conditions: they are the evaluations' own answers. */
export const gatherEvidence = async (
  client: PrometheusClient,
  conditions: (nameLabel: string, groupLabel: string) => Promise<SampleSeries[]>,
  span: Span,
  symptoms: SymptomMap,
): Promise<Evidence> => {
  const alerts = await rawSamples(client, 'ALERTS', span)
  const found = await client.rules(symptoms)
  const rules = found.map((rule) => onSlot(rule, found, alerts))
  const held = await conditions(CONDITION_ALERT, CONDITION_GROUP)
  return {
    alerts,
    rules,
    scrapes: await rawSamples(client, 'up', span),
    conditions: held.map(({ labels, samples }) => ({
      labels: withoutName(labels),
      samples: samples.filter(([at]) => at >= span.from && at <= span.to),
    })),
    presence: await collectPresence(client, rules, span),
    users: await rawSamples(client, 'k6_vus', span),
  }
}

// --- Internal helpers ---

const withoutName = (labels: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => name !== '__name__'))
