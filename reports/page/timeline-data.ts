import type { RunPlan } from '../../lib/core/run-folder.ts'
import type { Verdict, VerdictClass, VerdictLine } from '../../lib/core/verdict.ts'
import type { RunData } from '../read/run-data.ts'
import type { Episode } from '../score/episodes.ts'
import { stepRecords } from '../score/steps.ts'
import { findSubjects } from '../score/subjects.ts'

/** A fault as a band: each border null where it was not reached. Milliseconds since the epoch. */
export interface Band {
  name: string
  fault: string
  /** For its colour; null where the run's plan does not say. */
  group: RunPlan['steps'][number]['group']
  /** One stroke, or a band as long as it lasts. */
  draw: RunPlan['steps'][number]['draw']
  injected: number
  effective: number | null
  healed: number | null
  recovered: number | null
  to: number
}

export interface Bar {
  from: number
  to: number
  firing: boolean
  /** How the verdict judged the episode; null where it says nothing of it. */
  class: VerdictClass | null
}

/** A row of the timeline: one alert, what it did, and when it was expected to fire. */
export interface AlertRow {
  alert: string
  bars: Bar[]
  expected: { from: number; to: number; class: VerdictClass }[]
}

export interface Span {
  from: number
  to: number
}

/** What the page shows of the run: the load and everything around it that was recorded. */
export const spanOf = ({ run, scrapes, requests }: RunData): Span => {
  const from = run?.loadStartedAt ?? run?.startedAt ?? requests?.[0]?.started ?? scrapes?.[0]?.samples[0]?.[0] ?? 0
  const ends = [run?.endedAt, run?.loadEndedAt, requests?.at(-1)?.ended, scrapes?.[0]?.samples.at(-1)?.[0]]
  return { from, to: Math.max(from + 1_000, ends.find((end) => end !== null && end !== undefined) ?? from) }
}

export const faultBands = (run: RunData, span: Span): Band[] =>
  stepRecords(run).flatMap(({ name, fault, injected, effective, healed, recovered }) => {
    if (injected === null) return []
    const { group = null, draw = 'band' } = run.plan?.steps.find((step) => step.name === name) ?? {}
    return { name, fault, group, draw, injected, effective, healed, recovered, to: recovered ?? healed ?? span.to }
  })

/** Alerts that did anything, or should have, in order of their first sign. */
export const alertRows = (run: RunData, verdict: Verdict, span: Span): AlertRow[] =>
  findSubjects(run)
    .map(({ alert, episodes }) => {
      const lines = verdict.lines.filter((line) => line.alert === alert)
      const bars = episodes
        .flatMap((episode) => barsOf(episode, lines, span))
        .filter((bar) => bar.to > span.from && bar.from < span.to)
        // Firing covers pending.
        .sort((a, b) => Number(a.firing) - Number(b.firing))
      const expected = lines.flatMap(({ expected: window, class: judged }) =>
        window !== null && ASKED.has(judged) ? { from: window.from, to: window.to, class: judged } : [],
      )
      return { alert, bars, expected }
    })
    .filter(({ bars, expected }) => bars.length > 0 || expected.length > 0)
    .sort((a, b) => firstSign(a) - firstSign(b))

// --- Internal helpers ---

/** Other instances of an alert share the judgement of the one that its line speaks of. */
const barsOf = ({ activeAt, firedAt, resolvedAt }: Episode, lines: readonly VerdictLine[], span: Span): Bar[] => {
  const to = resolvedAt ?? span.to
  const seen = lines.filter((line) => line.seen !== null)
  const own = seen.find((line) => line.seen?.firedAt === firedAt && (line.seen?.pendingAt ?? firedAt) === activeAt)
  const step = seen.findLast(({ injectedAt }) => injectedAt !== null && injectedAt <= activeAt)
  const verdict = (own ?? step)?.class ?? null
  return [
    ...(firedAt === activeAt ? [] : [{ from: activeAt, to: firedAt ?? to, firing: false, class: verdict }]),
    ...(firedAt === null ? [] : [{ from: firedAt, to, firing: true, class: verdict }]),
  ]
}

/** Expected windows worth drawing: those of alerts that another alert answered for would only be noise. */
const ASKED: ReadonlySet<VerdictClass> = new Set([
  'on-time',
  'late',
  'early',
  'missed',
  'fault-ineffective',
  'impossible-by-design',
])

const firstSign = ({ bars, expected }: AlertRow): number =>
  Math.min(...bars.map(({ from }) => from), ...expected.map(({ from }) => from))
