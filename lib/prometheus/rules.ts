import { basename } from 'node:path/posix'
import type { AlertRule } from '../core/rule.ts'
import { Symptom } from '../core/symptom.ts'
import type { RuleGroup } from './api.ts'
import { readExpression } from './promql.ts'

/** Which symptom an alert speaks of, for rules that one cannot label: { [alertname]: symptom }. */
export type SymptomMap = Readonly<Record<string, Symptom>>

/**
 * Prometheus' groups as rules. `evaluatedAt` is the wall-clock time of the last evaluation, some milliseconds after the
 * slot it was meant for (collection refines it by the timestamps of ALERTS samples); 0 where there was none yet.
 */
export const alertRules = (groups: readonly RuleGroup[], symptoms: SymptomMap = {}): AlertRule[] =>
  groups.flatMap(({ name: group, file, interval, lastEvaluation, rules }) =>
    rules.map((rule) => ({
      alert: rule.name,
      group,
      // Where it lies on whose machine is nobody's business: run folders are handed around.
      file: basename(file),
      expr: rule.query,
      forMs: Math.round(rule.duration * 1_000),
      keepFiringForMs: Math.round(rule.keepFiringFor * 1_000),
      intervalMs: Math.round(interval * 1_000),
      labels: rule.labels,
      annotations: rule.annotations,
      symptom: symptomOf(rule.name, rule.labels, symptoms),
      health: rule.health,
      lastError: rule.lastError,
      evaluatedAt: rule.lastEvaluation ?? lastEvaluation ?? 0,
      ...reading(rule.query),
    })),
  )

/** By the map first, so that a map can overrule a label; null where neither names one. */
export const symptomOf = (alert: string, labels: Record<string, string>, symptoms: SymptomMap = {}): Symptom | null =>
  symptoms[alert] ?? Symptom.safeParse(labels['symptom']).data ?? null

// --- Internal helpers ---

const known = new Map<string, Pick<AlertRule, 'windowMs' | 'metrics'>>()

/** Rules are asked for again and again (each incident of a campaign asks twice), and say the same. */
const reading = (expr: string): Pick<AlertRule, 'windowMs' | 'metrics'> => {
  const found = known.get(expr)
  if (found !== undefined) return found
  const { windowMs, metrics } = readExpression(expr)
  known.set(expr, { windowMs, metrics })
  return { windowMs, metrics }
}
