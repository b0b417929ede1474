import type { FaultDefinition } from '../../lib/core/fault.ts'
import type { FaultResource } from '../../lib/core/fault-resource.ts'
import { rank } from '../../lib/core/rank.ts'
import { movement, type Movement, signalOf, type SignalName, type SignalScope } from '../../lib/core/signal.ts'
import type { PrometheusClient, Span } from '../../lib/prometheus/client.ts'

export interface Seen {
  signal: SignalName
  before: number | null
  /** What it came to at its farthest in each direction, and mostly, while the fault was in force. */
  lowest: number | null
  highest: number | null
  median: number | null
}

const STEP_MS = 1_000
const BEFORE_MS = 15_000
/** Rates look back 15 s: what ends with a fault shows a while after it. */
const AFTER_MS = 10_000

/** What Prometheus recorded of a signal before and during one fault; null where there was no sample. */
export const lookAt = async (
  prometheus: Pick<PrometheusClient, 'queryRange'>,
  signal: SignalName,
  scope: SignalScope,
  { status }: FaultResource,
): Promise<Seen> => {
  const injected = Date.parse(status?.injected ?? '')
  const healed = Date.parse(status?.healed ?? '')
  const values = async (span: Span): Promise<number[]> => {
    const [series] = await prometheus.queryRange(signalOf(signal).promql(scope), span, STEP_MS)
    return (series?.samples ?? []).map(([, value]) => value).filter(Number.isFinite)
  }
  const before = await values({ from: injected - BEFORE_MS, to: injected })
  const during = await values({ from: injected, to: healed + AFTER_MS })
  return {
    signal,
    before: middle(before),
    lowest: during.length === 0 ? null : Math.min(...during),
    highest: during.length === 0 ? null : Math.max(...during),
    median: middle(during),
  }
}

/** Null where the signal moved as it was declared; otherwise what was seen. Series that vanish have moved down. */
export const didNotMove = ({ to }: Movement, seen: Seen): string | null => {
  const { signal, before, lowest, highest } = seen
  if (before === null) return `expected ${signal} before the fault, found no sample`
  const extreme = (to === 'up' ? highest : lowest) ?? 0
  if (movement(signal, before, extreme) === to) return null
  return `expected ${signal} to go ${to} from ${before}, found ${lowest} to ${highest}`
}

/** Null where the signal was seen to stay as it was for most of the time; what nobody saw is no proof. */
export const didMove = ({ signal, before, median }: Seen): string | null => {
  if (before === null || median === null) return `expected samples of ${signal} before and during the fault, found none`
  const moved = movement(signal, before, median)
  return moved === null ? null : `expected ${signal} to stay at ${before}, found ${median}`
}

export const declaredSignals = ({ signals }: Pick<FaultDefinition, 'signals'>): SignalName[] => [
  ...signals.moves.map(({ signal }) => signal),
  ...signals.still,
]

// --- Internal helpers ---

const middle = (values: readonly number[]): number | null =>
  values.length === 0 ? null : rank(Float64Array.from(values).sort(), 0.5)
