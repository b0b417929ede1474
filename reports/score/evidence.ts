import { isOver } from '../../lib/core/fault-resource.ts'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import type { LoadDelivery } from '../../lib/core/verdict.ts'
import type { RunData } from '../read/run-data.ts'
import type { Subject } from './subjects.ts'
import { relative } from './words.ts'

/** Why this run cannot pass, whatever its alerts did. */
export const findDoubts = (run: RunData, load: LoadDelivery, subjects: readonly Subject[]): string[] => [
  ...missing(run),
  ...incomplete(run),
  ...unhealedFaults(run).map((fault) => `not every fault is healed: ${fault}`),
  ...(load.delivered ? [] : [`the load was not delivered: ${load.reason}`]),
  ...unsampledAlerts(run, subjects),
  ...unwatchedPods(run),
  ...unrecordedNotifications(run, subjects),
]

/** What the verdict would have checked with more evidence. No doubt: when alerts fired is known from their own samples. */
export const findUnchecked = ({ conditions }: RunData, subjects: readonly Subject[]): string[] => {
  const unknown = subjects.filter(({ stretches }) => stretches === null).map(({ alert }) => alert)
  if (unknown.length === 0) return []
  const whose = (conditions ?? []).length === 0 ? 'every alert' : unknown.join(', ')
  return [
    `whether ${whose} fired as its own condition asks, and whether its samples are whole: ${RUN_FILES.conditions} does not tell`,
  ]
}

/** Faults of this run that are still in the target, by their own records. */
export const unhealedFaults = ({ faults }: Pick<RunData, 'faults'>): string[] =>
  (faults ?? []).flatMap(({ metadata, status }) => {
    const phase = status?.phase ?? 'Pending'
    return phase === 'Healed' || isOver(phase) ? [] : [`${metadata.name} (phase ${phase})`]
  })

// --- Internal helpers ---

/** Without any of these something that the verdict speaks of is not known. */
const REQUIRED: ReadonlySet<string> = new Set([
  RUN_FILES.run,
  RUN_FILES.scenario,
  RUN_FILES.plan,
  RUN_FILES.faults,
  RUN_FILES.requests,
  RUN_FILES.requestSpool,
  RUN_FILES.summary,
  RUN_FILES.rules,
  RUN_FILES.alerts,
  RUN_FILES.scrapes,
  RUN_FILES.presence,
  RUN_FILES.pods,
])

const missing = ({ problems }: RunData): string[] =>
  problems.filter(({ file }) => REQUIRED.has(file)).map(({ file, kind, reason }) => `${file} is ${kind} (${reason})`)

const incomplete = ({ run }: RunData): string[] =>
  run === null || run.ending === 'completed'
    ? []
    : [`the run did not complete: ${run.ending}${run.endingReason === null ? '' : `, ${run.endingReason}`}`]

/** Alerts that fired by another witness, and of which the samples know nothing: their silence is no evidence. */
const unsampledAlerts = ({ alerts, run }: RunData, subjects: readonly Subject[]): string[] => {
  if (alerts === null) return []
  const from = run?.startedAt ?? -Infinity
  return subjects.flatMap(({ alert, rules, unsampled, episodes }) => {
    const lost = `${RUN_FILES.alerts} has no samples of ${alert}`
    const [stretch] = unsampled
    if (stretch !== undefined) {
      const firesAt = stretch.firesAt ?? stretch.to
      const when =
        run === null || run.loadStartedAt === null ? '' : ` at ${relative(firesAt, run.loadStartedAt)} of the load`
      return [`${lost}, although its condition held for long enough to fire${when}`]
    }
    // An alert that ended as the run began may have had its last sample before.
    const seenBy = from + 2 * Math.max(...rules.map(({ intervalMs }) => intervalMs))
    const isTold = episodes.some(({ sampled, resolvedAt }) => !sampled && (resolvedAt ?? Infinity) > seenBy)
    return isTold ? [`${lost} firing, although Alertmanager was told that it fires`] : []
  })
}

/** A run has serving pods; no record of any is no record. */
const unwatchedPods = ({ pods }: RunData): string[] =>
  pods !== null && pods.length === 0 ? [`${RUN_FILES.pods} is empty: restarts of pods would not be known`] : []

const unrecordedNotifications = ({ plan, notifications }: RunData, subjects: readonly Subject[]): string[] => {
  if (plan === null || !plan.target.notifications) return []
  const why = `Alertmanager's notifications were not recorded: ${RUN_FILES.notifications}`
  if (notifications === null) return [`${why} is missing`]
  const isFired = subjects.some(({ episodes }) => episodes.some(({ firedAt }) => firedAt !== null))
  return notifications.length === 0 && isFired ? [`${why} is empty, although alerts fired`] : []
}
