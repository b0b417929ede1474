import { faultWindows } from '../core/fault-window.ts'
import { freshAlerts } from '../core/fresh-alerts.ts'
import type { Scenario } from '../core/scenario.ts'
import { unexpectedAlerts } from '../core/unexpected-alert.ts'
import type { Span } from '../prometheus/client.ts'
import { STOP_EVERY_MS } from '../run/stop-condition.ts'
import { unexpectedReason } from '../run/watch.ts'
import type { Incident } from './incident.ts'

/** Something that ends the run, seen at a time. */
export interface Stop {
  at: number
  reason: string
}

/** What a run asks Prometheus (lib/run/watches.ts), but all at once: nothing of an incident depends on the answer before it is met. */
export const firstStop = async ({ safety }: Scenario, incident: Incident): Promise<Stop | null> => {
  const { loadStartedAt, loadEndedAt } = incident.info
  if (loadStartedAt === null || loadEndedAt === null) return null
  const span = { from: loadStartedAt + STOP_EVERY_MS, to: loadEndedAt }
  if (span.from > span.to) return null
  const { stopWhen, stopOnUnexpectedAlert } = safety
  const stops = [
    stopWhen === undefined ? null : await conditionMet(stopWhen, span, incident),
    // Which alerts fire already is looked at when the load begins.
    stopOnUnexpectedAlert ? await unexpectedAlert({ ...span, from: loadStartedAt }, incident) : null,
  ]
  return stops.filter((stop) => stop !== null).sort((a, b) => a.at - b.at)[0] ?? null
}

// --- Internal helpers ---

const conditionMet = async (promql: string, span: Span, { client }: Incident): Promise<Stop | null> => {
  const series = await client.queryRange(promql, span, STOP_EVERY_MS)
  const [first] = series.flatMap((one) => one.samples).sort((a, b) => a[0] - b[0])
  return first === undefined ? null : { at: first[0], reason: `stop condition met: ${promql} returned ${first[1]}` }
}

const unexpectedAlert = async (span: Span, { client, plan, faults }: Incident): Promise<Stop | null> => {
  const series = await client.queryRange('ALERTS{alertstate="firing"}', span, STOP_EVERY_MS)
  const seen = series.flatMap(({ labels, samples }) =>
    samples.map(([at]) => ({ at, alert: labels['alertname'] ?? '' })),
  )
  const windows = faultWindows(faults)
  const looks = Map.groupBy(seen, ({ at }) => Math.round((at - span.from) / STOP_EVERY_MS))
  const freshOf = freshAlerts()
  for (let look = 0; span.from + look * STOP_EVERY_MS <= span.to; look += 1) {
    const at = span.from + look * STOP_EVERY_MS
    const alerts = freshOf((looks.get(look) ?? []).map(({ alert }) => alert))
    const unexpected = unexpectedAlerts({ alerts, at }, plan, windows)
    if (unexpected.length > 0) return { at, reason: unexpectedReason(unexpected) }
  }
  return null
}
