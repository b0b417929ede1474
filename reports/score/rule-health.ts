import type { AlertRule } from '../../lib/core/rule.ts'
import type { Presence } from '../../lib/core/run-folder.ts'

/** Why a rule could never have fired rightly, whatever happened; null where nothing speaks against it. */
export type RuleDefect = { class: 'broken-rule' | 'no-data'; reason: string } | null

/** Asked only of rules that were never pending nor firing. */
export const ruleDefect = (rules: readonly AlertRule[], presence: Readonly<Presence> | null): RuleDefect => {
  const broken = rules.find(({ health }) => health !== 'ok')
  if (broken !== undefined) return { class: 'broken-rule', reason: brokenReason(broken) }
  if (presence === null) return null
  const dead = rules.map((rule) => deadMetrics(rule, presence))
  const [names] = dead
  if (names === undefined || dead.some((metrics) => metrics.length === 0)) return null
  return { class: 'no-data', reason: `nothing that is scraped has ${names.join(', ')}` }
}

// --- Internal helpers ---

const brokenReason = ({ health, lastError }: AlertRule): string => {
  if (lastError !== '') return `the rule fails: ${lastError}`
  return health === 'unknown' ? 'Prometheus never evaluated the rule' : `the rule's health is "${health}"`
}

/** The metrics without which the expression can never hold: any one of them, or all of them where it has alternatives. */
const deadMetrics = ({ expr, metrics }: AlertRule, presence: Readonly<Presence>): string[] => {
  // Null is a metric that a target describes and had nothing to report of.
  const gone = metrics.filter((metric) => presence[metric] === 0 || presence[metric] === undefined)
  return hasAlternatives(expr) && gone.length < metrics.length ? [] : gone
}

/** `a or b` holds without b, and `a unless b` too. */
const hasAlternatives = (expr: string): boolean =>
  /\b(or|unless)\b/.test(expr.replaceAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g, '""'))
