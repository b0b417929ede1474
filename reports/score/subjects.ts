import type { AlertRule } from '../../lib/core/rule.ts'
import type { Symptom } from '../../lib/core/symptom.ts'
import type { RunData } from '../read/run-data.ts'
import { stretches, type Stretch } from './conditions.ts'
import { findEpisodes, type Episode } from './episodes.ts'
import { ruleDefect, type RuleDefect } from './rule-health.ts'
import { observedTo } from './scrapes.ts'

/** One judged alert: all rules under its name, and all that it did in the run. */
export interface Subject {
  alert: string
  symptom: Symptom | null
  /** Mostly one; severities of one alert are rules of the same name. */
  rules: readonly AlertRule[]
  episodes: readonly Episode[]
  /** Where its expression held, or null where that is not known. */
  stretches: readonly Stretch[] | null
  /** Those of them in which it had to fire, and no sample of it tells so: the samples are lost. */
  unsampled: readonly Stretch[]
  defect: RuleDefect
}

/** Every alert in force, with its episodes. Alerts of other rules than the plan's and the run's are not judged. */
export const findSubjects = (run: RunData): Subject[] => {
  const rules = Map.groupBy(rulesInForce(run), ({ alert }) => alert)
  const fallbackMs = run.plan?.timing.evaluationIntervalMs ?? 0
  const episodes = findEpisodes({
    alerts: run.alerts ?? [],
    notifications: run.notifications ?? [],
    evaluationMs: (alert) => rules.get(alert)?.[0]?.intervalMs ?? fallbackMs,
    observedTo: observedTo(run.alerts, run.scrapes),
  })
  return [...rules].map(([alert, own]) => {
    const seen = episodes.get(alert) ?? []
    const held = stretches(run.conditions, own)
    return {
      alert,
      symptom: own.find(({ symptom }) => symptom !== null)?.symptom ?? null,
      rules: own,
      episodes: seen,
      stretches: held,
      unsampled: run.alerts === null ? [] : (held ?? []).filter((stretch) => !isSampled(stretch, seen, own)),
      defect: seen.length === 0 ? ruleDefect(own, run.presence) : null,
    }
  })
}

// --- Internal helpers ---

/** Pending counts: what Prometheus had seen of it, it has kept. */
const isSampled = ({ firesAt }: Stretch, episodes: readonly Episode[], rules: readonly AlertRule[]): boolean => {
  if (firesAt === null) return true
  const slack = 1.5 * Math.max(...rules.map(({ intervalMs }) => intervalMs))
  return episodes.some(
    ({ sampled, activeAt, resolvedAt }) =>
      sampled && activeAt - slack <= firesAt && firesAt <= (resolvedAt ?? Infinity) + slack,
  )
}

const GONE = { health: 'gone', lastError: 'it was not loaded when the run ended' }

/** The rules at the end of the run; those of the plan that are gone by then cannot have been right. */
const rulesInForce = ({ rules, plan }: RunData): AlertRule[] => {
  if (rules === null) return plan?.rules ?? []
  const gone = (plan?.rules ?? []).filter((planned) => !rules.some(({ alert }) => alert === planned.alert))
  return [...rules, ...gone.map((rule) => Object.assign({}, rule, GONE))]
}
