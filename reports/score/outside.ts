import { VERDICT_CLASSES, type VerdictLine } from '../../lib/core/verdict.ts'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import { seenOf } from './classify.ts'
import type { Episode } from './episodes.ts'
import type { Stage } from './sight.ts'
import type { Subject } from './subjects.ts'
import { plural, relative } from './words.ts'

export interface OutsideLine {
  /** True where it began before the first fault. */
  before: boolean
  line: VerdictLine
}

/** Lines for alerts that fired when no fault was there to be spoken of: before the first, between faults, after the last. */
export const judgeOutside = (subject: Subject, episodes: readonly Episode[], stage: Stage): OutsideLine[] => {
  const first = stage.steps[0]?.injected ?? null
  const judged = episodes.filter((episode) => isInRun(episode, stage, first))
  const isBefore = ({ activeAt }: Episode): boolean => first === null || activeAt < first
  const isEndless = (episode: Episode): boolean =>
    isBefore(episode) && first !== null && (episode.resolvedAt === null || episode.resolvedAt > first)
  return [
    ...lineOf(subject, judged.filter(isEndless), 'contaminated', true, stage),
    ...lineOf(
      subject,
      judged.filter((one) => isBefore(one) && !isEndless(one)),
      'false-fire',
      true,
      stage,
    ),
    ...lineOf(
      subject,
      judged.filter((one) => !isBefore(one)),
      'false-fire',
      false,
      stage,
    ),
  ]
}

// --- Internal helpers ---

/** What began before the load and was over before the baseline belongs to whatever was there before this run. */
const isInRun = ({ activeAt, resolvedAt }: Episode, { run }: Stage, first: number | null): boolean => {
  const loadFrom = run.run?.loadStartedAt ?? run.run?.startedAt ?? -Infinity
  if (activeAt >= loadFrom || resolvedAt === null) return true
  return resolvedAt > (first === null ? loadFrom : Math.max(loadFrom, first - (run.scenario?.baseline ?? Infinity)))
}

const lineOf = (
  subject: Subject,
  episodes: readonly Episode[],
  verdict: 'contaminated' | 'false-fire',
  before: boolean,
  { run, observedTo }: Stage,
): OutsideLine[] => {
  const [episode] = episodes
  if (episode === undefined) return []
  const from = episode.activeAt
  const line: VerdictLine = {
    step: null,
    alert: subject.alert,
    symptom: subject.symptom,
    class: verdict,
    outcome: VERDICT_CLASSES[verdict],
    injectedAt: null,
    expected: null,
    seen: seenOf(episode, episodes.length, run.notifications ?? []),
    reason: reasonOf(episode, episodes.length, verdict, before, run.run?.loadStartedAt ?? null),
    evidence: [{ file: RUN_FILES.alerts, from, to: episodes.at(-1)?.resolvedAt ?? observedTo ?? from }],
  }
  return [{ before, line }]
}

const reasonOf = (
  { firedAt, activeAt }: Episode,
  episodes: number,
  verdict: 'contaminated' | 'false-fire',
  before: boolean,
  loadFrom: number | null,
): string => {
  const at = loadFrom === null ? '' : ` at ${relative(firedAt ?? activeAt, loadFrom)} of the load`
  if (verdict === 'contaminated') return `active before the first fault and not over when it came (fired${at})`
  const when = before ? 'before the first fault' : 'where no fault can have caused it'
  return `fired ${when}${at}${episodes > 1 ? `, ${plural(episodes, 'time')}` : ''}`
}
