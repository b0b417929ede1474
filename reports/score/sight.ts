import type { RunData } from '../read/run-data.ts'
import type { Episode } from './episodes.ts'
import { observedTo, scrapeIntervalAround, wasScraped } from './scrapes.ts'
import type { StepRecord } from './steps.ts'
import type { Subject } from './subjects.ts'
import { wasInForce, wereTogether } from './together.ts'
import { bitAt, windowOf, type Window } from './windows.ts'

/** What one alert did about one fault, before anybody asks whether that was wanted. */
export type Sight =
  /** Nothing can be said: of the rule, of the fault, or for lack of data. */
  | {
      kind: 'blind'
      because: 'rule' | 'fault' | 'data'
      class: 'no-data' | 'broken-rule' | 'fault-ineffective'
      reason: string
    }
  /** It was already pending or firing when the fault came. `tailOf` is the step that it still spoke of, `beside` whether that one's fault was in force. */
  | { kind: 'active-before'; episode: Episode; tailOf: StepRecord | null; beside: boolean }
  /** `besides`: steps whose faults were in force at the same time, and which it may be about as well. */
  | {
      kind: 'fired'
      episode: Episode
      when: 'early' | 'on-time' | 'late'
      episodes: readonly Episode[]
      besides: readonly StepRecord[]
    }
  | { kind: 'silent'; pending: Episode | null; covered: boolean }

export interface Seen {
  step: StepRecord
  subject: Subject
  /** Null where the fault was never injected. */
  window: Window | null
  sight: Sight
}

/** The part of a run that the sights of all its alerts share. */
export interface Stage {
  run: RunData
  steps: readonly StepRecord[]
  /** Of each step: how far apart scrapes were when its fault bit. */
  scrapeMs: readonly number[]
  observedTo: number | null
}

export const makeStage = (run: RunData, steps: readonly StepRecord[]): Stage => ({
  run,
  steps,
  scrapeMs: steps.map(({ injected, effective }) =>
    injected === null
      ? scrapeIntervalMs(run)
      : scrapeIntervalAround(run.scrapes, bitAt({ injected, effective }), scrapeIntervalMs(run)),
  ),
  observedTo: observedTo(run.alerts, run.scrapes),
})

/** What each step's fault and one alert have to do with each other, and the episodes that no step accounts for. */
export const sightsOf = (subject: Subject, stage: Stage): { seen: Seen[]; outside: Episode[] } => {
  const windows = stage.steps.map((step, index) => {
    const { injected } = step
    return injected === null ? null : windowOf(subject, { ...step, injected }, stage.scrapeMs[index] ?? 0)
  })
  const owners = new Map(subject.episodes.map((episode) => [episode, ownersOf(episode, windows, stage.steps)]))
  const seen = stage.steps.map((step, index) => {
    const window = windows[index] ?? null
    return { step, subject, window, sight: look({ step, index, subject, window, owners, stage }) }
  })
  const outside = subject.episodes.filter((episode) => episode.firedAt !== null && owners.get(episode)?.length === 0)
  return { seen, outside }
}

// --- Internal helpers ---

const scrapeIntervalMs = ({ plan }: RunData): number => plan?.timing.scrapeIntervalMs ?? 0

interface Look {
  step: StepRecord
  index: number
  subject: Subject
  window: Window | null
  owners: ReadonlyMap<Episode, readonly number[]>
  stage: Stage
}

/** The last fault that an episode can be about, and before it those that were in force together with that one. */
const ownersOf = (episode: Episode, windows: readonly (Window | null)[], steps: readonly StepRecord[]): number[] => {
  const last = ownerOf(episode, windows)
  const owner = last === null ? undefined : steps[last]
  if (last === null || owner === undefined) return []
  const { activeAt } = episode
  return steps.flatMap((step, index) => {
    const window = windows[index] ?? null
    const isOwn = window !== null && activeAt >= window.injected && activeAt <= window.attribution.to
    return index === last || (isOwn && wereTogether(step, owner)) ? [index] : []
  })
}

/** The last fault that an episode can be about: the one in whose window it became active, or which came right after. */
const ownerOf = ({ activeAt }: Episode, windows: readonly (Window | null)[]): number | null => {
  const within = (from: (window: Window) => number): number =>
    windows.findLastIndex((window) => window !== null && activeAt >= from(window) && activeAt <= window.attribution.to)
  const after = within(({ injected }) => injected)
  const index = after === -1 ? within(({ guardFrom }) => guardFrom) : after
  return index === -1 ? null : index
}

const look = ({ step, index, subject, window, owners, stage }: Look): Sight => {
  const { run } = stage
  if (run.alerts === null) {
    return { kind: 'blind', because: 'data', class: 'no-data', reason: 'the alert samples are missing' }
  }
  if (subject.defect !== null) return { kind: 'blind', because: 'rule', ...subject.defect }
  if (window === null) return { kind: 'blind', because: 'fault', class: 'fault-ineffective', reason: step.why }

  const { injected } = window
  const isOwn = (episode: Episode): boolean => owners.get(episode)?.includes(index) === true
  const before = subject.episodes.find((episode) => !isOwn(episode) && isActiveAt(episode, injected))
  if (before !== undefined) {
    const tailOf = stage.steps[owners.get(before)?.at(-1) ?? -1] ?? null
    return { kind: 'active-before', episode: before, tailOf, beside: tailOf !== null && wasInForce(tailOf, injected) }
  }

  const own = subject.episodes.filter(isOwn)
  const fired = own.filter(({ firedAt }) => firedAt !== null)
  const [first] = fired
  if (first !== undefined) {
    const besides = stage.steps.filter((other, place) => other !== step && owners.get(first)?.includes(place) === true)
    return { kind: 'fired', episode: first, when: timingOf(first, window), episodes: fired, besides }
  }
  if (subject.unsampled.some((stretch) => window.held?.includes(stretch) ?? false)) {
    const reason = 'its condition held for long enough to fire, and the alert samples have nothing of it'
    return { kind: 'blind', because: 'data', class: 'no-data', reason }
  }
  return { kind: 'silent', pending: longest(own), covered: isCovered(stage, window) }
}

/** Pending counts where it went on to fire. */
const isActiveAt = ({ activeAt, firedAt, resolvedAt }: Episode, at: number): boolean =>
  firedAt !== null && activeAt < at && (resolvedAt === null || resolvedAt > at)

const timingOf = ({ activeAt, firedAt }: Episode, { injected, expected }: Window): 'early' | 'on-time' | 'late' => {
  const at = firedAt ?? activeAt
  if (activeAt < injected || at < expected.from) return 'early'
  return at > expected.to ? 'late' : 'on-time'
}

/** Silence counts only where somebody listened until the alert had to fire. */
const isCovered = ({ run, observedTo: end }: Stage, { injected, expected }: Window): boolean =>
  end !== null && end >= expected.to && wasScraped(run.scrapes, injected, expected.to)

const longest = (episodes: readonly Episode[]): Episode | null =>
  episodes.toSorted((a, b) => pendingMs(b) - pendingMs(a))[0] ?? null

const pendingMs = ({ activeAt, resolvedAt }: Episode): number => (resolvedAt ?? Infinity) - activeAt
