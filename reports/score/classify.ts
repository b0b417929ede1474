import { isMeant } from '../../lib/core/symptom.ts'
import { VERDICT_CLASSES, type VerdictClass, type VerdictLine } from '../../lib/core/verdict.ts'
import { RUN_FILES, type Notification } from '../../lib/core/run-folder.ts'
import { notifiedAt, type Episode } from './episodes.ts'
import type { Seen, Sight } from './sight.ts'
import type { StepRecord } from './steps.ts'
import type { Subject } from './subjects.ts'
import { isExpectedOf, isWantedBy } from './together.ts'
import { plural, relative, seconds } from './words.ts'
import type { Window } from './windows.ts'

/** What the scenario wants of an alert during a step. */
export type Role = 'expected' | 'tolerated' | 'unexpected'

export interface Judged {
  role: Role
  seen: Seen
  line: VerdictLine
}

/** Lines of one step: every alert in force, judged together, since one alert can answer for another. */
export const judgeStep = (seen: readonly Seen[], notifications: readonly Notification[]): Judged[] => {
  const entries = (seen[0]?.step.expected.alerts ?? []).map((names) => ({
    names,
    answeredBy: seen.find((one) => isAnswer(one) && isAsked(names, one)) ?? null,
  }))
  return seen.map((one) => {
    const role = roleOf(one)
    const asking = entries.filter(({ names }) => isAsked(names, one))
    const open = asking.some(({ answeredBy }) => answeredBy === null)
    const answer = open ? null : (asking[0]?.answeredBy?.subject.alert ?? null)
    return { role, seen: one, line: makeLine(one, judge(one, role, answer), role, notifications) }
  })
}

/** Whether an alert did what was asked: on time, for a fault that bit. */
export const isAnswer = ({ sight, step }: Seen): boolean =>
  sight.kind === 'fired' && sight.when === 'on-time' && step.bit === true

/** What the verdict says was seen of an episode. */
export const seenOf = (
  episode: Episode,
  episodes: number,
  notifications: readonly Notification[],
): NonNullable<VerdictLine['seen']> => ({
  pendingAt: episode.firedAt === episode.activeAt ? null : episode.activeAt,
  firedAt: episode.firedAt,
  resolvedAt: episode.resolvedAt,
  notifiedAt: notifiedAt(episode, notifications),
  episodes,
})

// --- Internal helpers ---

interface Judgement {
  class: VerdictClass
  reason: string
}

const isAsked = (names: readonly string[], { subject }: Seen): boolean => names.some((name) => isMeant(name, subject))

const roleOf = (seen: Seen): Role => {
  const { alerts, tolerates } = seen.step.expected
  if (alerts.some((names) => isAsked(names, seen))) return 'expected'
  return isAsked(tolerates, seen) ? 'tolerated' : 'unexpected'
}

const judge = (seen: Seen, role: Role, answer: string | null): Judgement => {
  const { sight } = seen
  if (sight.kind === 'blind') return { class: sight.class, reason: sight.reason }
  if (sight.kind === 'active-before') return judgeActiveBefore(seen, sight, role, answer)
  if (sight.kind === 'fired') return judgeFired(seen, sight, role, answer)
  return judgeSilent(seen, sight, role, answer)
}

const judgeActiveBefore = (
  { step, subject }: Seen,
  { episode, tailOf, beside }: Sight & { kind: 'active-before' },
  role: Role,
  answer: string | null,
): Judgement => {
  const since = relative(episode.firedAt ?? episode.activeAt, step.injected ?? 0)
  if (tailOf === null)
    return { class: 'contaminated', reason: `already active before the fault, firing since ${since}` }
  const reason = `still active from "${tailOf.name}", firing since ${since}`
  if (beside && role === 'unexpected' && isWantedBy(tailOf, subject))
    return { class: 'tolerated', reason: `${reason}; that fault is in force as well` }
  if (role === 'tolerated') return { class: 'tolerated', reason }
  if (answer !== null) return { class: 'tolerated', reason: `${reason}; ${answer} answered` }
  return { class: 'contaminated', reason }
}

const judgeFired = (
  { step, subject, window }: Seen,
  { when, episode, episodes, besides }: Sight & { kind: 'fired' },
  role: Role,
  answer: string | null,
): Judgement => {
  const extra = window === null ? '' : notes(episode, episodes, window)
  if (role === 'tolerated') return { class: 'tolerated', reason: `fired, and the scenario tolerates it${extra}` }
  const other = besides.find((beside) => isWantedBy(beside, subject))
  if (role === 'unexpected') return judgeUnexpected(other, besides, extra)
  if (when === 'early' && other !== undefined)
    return {
      class: 'contaminated',
      reason: `fired for "${other.name}", before this fault could have caused it${extra}`,
    }
  if (when === 'early') return { class: 'early', reason: `fired before this fault could have caused it${extra}` }
  if (step.bit !== true) return { class: 'fault-ineffective', reason: `fired, but ${step.why}` }
  const shared = `${sharedWith(besides, subject, episode, window)}${extra}`
  const basis =
    window?.predicted === null || window === null
      ? ''
      : `; its condition held from ${relative(window.predicted.from, window.injected)}`
  if (when === 'on-time') return { class: 'on-time', reason: `fired within its window${basis}${shared}` }
  const lag = window === null ? '' : lateness(episode, window)
  if (answer !== null) return { class: 'tolerated', reason: `late${lag}; ${answer} answered in time${shared}` }
  return { class: 'late', reason: `fired later than it had to${lag}${shared}` }
}

/** Of whom it is expected as well, and could have been caused by: it answers for each, though it may speak of one alone. */
const sharedWith = (
  besides: readonly StepRecord[],
  subject: Subject,
  { firedAt }: Episode,
  window: Window | null,
): string => {
  const couldCause = ({ injected, bit }: StepRecord): boolean =>
    bit !== false && injected !== null && (firedAt ?? Infinity) >= injected + (window?.holdMs ?? 0)
  const names = besides
    .filter((beside) => couldCause(beside) && isExpectedOf(beside, subject))
    .map(({ name }) => `"${name}"`)
  return names.length === 0 ? '' : `; also expected of ${names.join(' and ')}: cannot be told apart`
}

/** Of faults in force at the same time it is laid at the one that expects it, and else at none of them alone. */
const judgeUnexpected = (other: StepRecord | undefined, besides: readonly StepRecord[], extra: string): Judgement => {
  if (other !== undefined)
    return {
      class: 'tolerated',
      reason: `fired, and the scenario has it for "${other.name}", in force as well${extra}`,
    }
  const names = besides.map(({ name }) => `"${name}"`).join(' and ')
  const whose = besides.length === 0 ? '' : ` of this fault nor of ${names}, in force as well`
  return { class: 'false-fire', reason: `fired, and nothing in the scenario expects it${whose}${extra}` }
}

/** By how much, and what took the time: Prometheus, which evaluated late, or the rule, whose condition came late. */
const lateness = ({ firedAt }: Episode, { injected, expected, predicted, latest }: Window): string => {
  const by = firedAt === null ? '' : ` by ${seconds(firedAt - expected.to)}`
  if (predicted === null) return by
  const from = relative(predicted.from, injected)
  return predicted.firesAt > latest
    ? `${by}; its condition held only from ${from}: the rule looks too slowly, or its threshold is too high`
    : `${by}; its condition held from ${from}, so Prometheus had to fire it at ${relative(predicted.firesAt, injected)}`
}

const judgeSilent = (
  { step, window }: Seen,
  { pending, covered }: Sight & { kind: 'silent' },
  role: Role,
  answer: string | null,
): Judgement => {
  const how = window === null ? 'did not fire' : silence(window, pending)
  // Silence about nothing is no silence.
  if (step.control && step.bit !== true) return { class: 'fault-ineffective', reason: step.why }
  if (role !== 'expected') return { class: 'quiet', reason: how }
  if (step.bit !== true) return { class: 'fault-ineffective', reason: step.why }
  if (answer !== null) return { class: 'quiet', reason: `${how}; ${answer} answered` }
  if (!covered) return { class: 'no-data', reason: 'the data end before the alert had to fire' }
  if (window !== null && window.holdMs > window.roomMs) {
    const reason = `it waits ${seconds(window.holdMs)} and the fault left room for ${seconds(window.roomMs)}`
    return { class: 'impossible-by-design', reason }
  }
  return { class: 'missed', reason: `did not fire (${how}) although the fault bit: ${step.why}` }
}

const silence = ({ held, holdMs }: Window, pending: Episode | null): string => {
  if (held !== null && held.length === 0) return 'its condition never held'
  const longest = Math.max(0, ...(held ?? []).map(({ from, to }) => to - from))
  if (longest > 0 && longest < holdMs)
    return `its condition held ${seconds(longest)} of the ${seconds(holdMs)} it waits`
  if (pending === null) return 'never pending'
  const waited =
    pending.resolvedAt === null ? 'pending to the end' : `pending ${seconds(pending.resolvedAt - pending.activeAt)}`
  return `${waited} of the ${seconds(holdMs)} it waits`
}

const notes = (
  { firedAt, resolvedAt, sampled }: Episode,
  episodes: readonly Episode[],
  { resetBy }: Window,
): string => {
  const found: string[] = []
  const instances = new Set(episodes.map(({ instance }) => instance)).size
  if (instances > 1) found.push(`${instances} instances`)
  if (episodes.length > instances) found.push(`flapping, ${plural(episodes.length, 'episode')}`)
  if (firedAt !== null && resolvedAt !== null && resolvedAt > resetBy) {
    found.push(`stuck ${seconds(resolvedAt - resetBy)} past its reset`)
  }
  if (!sampled) found.push('known from Alertmanager only')
  return found.map((note) => `; ${note}`).join('')
}

const makeLine = (
  { step, subject, window, sight }: Seen,
  judgement: Judgement,
  role: Role,
  notifications: readonly Notification[],
): VerdictLine => ({
  step: step.name,
  alert: subject.alert,
  symptom: subject.symptom,
  class: judgement.class,
  outcome: VERDICT_CLASSES[judgement.class],
  injectedAt: step.injected,
  expected: role === 'expected' && window !== null ? { ...window.expected } : null,
  seen: seenIn(sight, notifications),
  reason: `${judgement.reason}${unnotified(sight, notifications)}`,
  evidence: evidence(subject, sight, window),
})

/** Said only where others were notified: an Alertmanager that told of nothing is a matter of the whole run. */
const unnotified = (sight: Sight, notifications: readonly Notification[]): string =>
  sight.kind === 'fired' &&
  notifications.some(({ status }) => status === 'firing') &&
  sight.episodes.every((episode) => notifiedAt(episode, notifications) === null)
    ? '; never notified'
    : ''

const seenIn = (sight: Sight, notifications: readonly Notification[]): VerdictLine['seen'] => {
  if (sight.kind === 'fired') return seenOf(sight.episode, sight.episodes.length, notifications)
  if (sight.kind === 'active-before') return seenOf(sight.episode, 1, notifications)
  return sight.kind === 'silent' && sight.pending !== null ? seenOf(sight.pending, 0, notifications) : null
}

const evidence = (subject: Subject, sight: Sight, window: Window | null): VerdictLine['evidence'] => {
  if (sight.kind === 'blind') {
    const file = {
      rule: subject.defect?.class === 'no-data' ? RUN_FILES.presence : RUN_FILES.rules,
      fault: RUN_FILES.faults,
      data: RUN_FILES.alerts,
    }
    return [{ file: file[sight.because], from: window?.injected ?? 0, to: window?.expected.to ?? 0 }]
  }
  if (window === null) return []
  const interval = { from: window.guardFrom, to: Math.min(window.attribution.to, window.resetBy) }
  const until = Number.isFinite(interval.to) ? interval : { ...interval, to: window.expected.to }
  const files: string[] = [RUN_FILES.alerts, RUN_FILES.faults]
  if (window.held !== null) files.push(RUN_FILES.conditions)
  return files.map((file) => ({ file, from: until.from, to: until.to }))
}
