import type { ScriptStep } from './script-data.ts'

/** Since when a step's condition has been true without a gap, and what it returned then. */
export interface Holding {
  since: number
  value: number
  /** When it was last asked for. */
  asked: number
}

/** What came of asking for a step's condition so far: no answer ever, or any. Nothing where nobody asked. */
export type Heard = 'nothing' | 'answers'

/** What decides whether a step is due. Times in milliseconds since the epoch. */
export interface Played {
  /** The zero of the load. */
  startedAt: number
  /** Steps whose fault is in force. */
  active: ReadonlySet<string> | ReadonlyMap<string, unknown>
  /** When a step's fault was over, or was given up. */
  overAt: ReadonlyMap<string, number>
  /** Of steps that wait for a condition which is true. */
  holding: ReadonlyMap<string, Holding>
}

/**
 * When a step is due: `at` counts from the start of the load, `after` from the moment the other step's fault was over, `when`
 * from the moment since which its condition is true. Null while that is not known.
 */
export const dueAt = (
  { name, when }: ScriptStep,
  { startedAt, overAt, holding }: Omit<Played, 'active'>,
): number | null => {
  switch (when.kind) {
    case 'at':
      return startedAt + when.time
    case 'after': {
      const over = overAt.get(when.step)
      return over === undefined ? null : over + when.gap
    }
    case 'when': {
      const held = holding.get(name)
      return held === undefined ? null : held.since + when.heldFor
    }
  }
}

/** Longer without a look, and nobody knows whether the condition held meanwhile. */
const GAP_MS = 3_000

/** A condition that is true now, counted from here where nobody looked for a while. */
export const stillHolding = (before: Holding | undefined, now: number, value: number): Holding =>
  before === undefined || now - before.asked > GAP_MS ? { since: now, value, asked: now } : { ...before, asked: now }

/** Whether a step's time has come; what waits for a condition begins on a fresh look only. */
export const isDue = (step: ScriptStep, played: Omit<Played, 'active'>, now: number): boolean => {
  const due = dueAt(step, played)
  const asked = step.when.kind === 'when' ? played.holding.get(step.name)?.asked : undefined
  return due !== null && due <= now && now - (asked ?? now) <= GAP_MS
}

/** The time by which a condition must have held; null for steps that wait for none. */
export const givenUpAt = ({ when }: ScriptStep, startedAt: number): number | null =>
  when.kind === 'when' ? startedAt + when.by : null

/** Whether a step's condition is to be asked for: not while the baseline is told from its alerts. */
export const isWatched = ({ when }: ScriptStep, startedAt: number, now: number): boolean =>
  when.kind === 'when' && now >= startedAt + when.from

/** A fault in force that a step which is due has to wait for; null where it may begin. */
export const blockedBy = ({ overlaps }: ScriptStep, { active }: Pick<Played, 'active'>): string | null =>
  [...active.keys()].find((other) => !overlaps.includes(other)) ?? null

export interface GivenUp {
  heard: Heard | undefined
  isHolding: boolean
  isDue: boolean
  blocker: string | null
}

/** Why a step was not started, once its last moment has come. */
export const whyGivenUp = ({ heard, isHolding, isDue: due, blocker }: GivenUp): string => {
  if (heard === undefined) return 'nobody asked for its condition'
  if (heard === 'nothing') return 'Prometheus never answered'
  if (!isHolding) return 'its condition was not true'
  if (!due) return 'its condition had not held for long enough'
  return `its condition held, and ${blocker === null ? 'its Fault was not created' : `${blocker} was in force`}`
}

/**
 * How long until something is to be done: the next step that becomes due, but at most `tick`. Milliseconds, above zero. What is
 * due already has just been tried, and is tried again a tick later.
 */
export const untilNext = (dues: readonly (number | null)[], now: number, tick: number): number =>
  Math.min(tick, ...dues.flatMap((due) => (due === null || due <= now ? [] : [due - now])))

const RUN_SUFFIX = 8
const MAX_NAME = 63

/** `<scenario>-<step>-<run>`, a valid Kubernetes name: the run's part is the end of its id, where ids differ. */
export const faultName = (scenario: string, step: string, runId: string): string => {
  const run = runId
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(-RUN_SUFFIX)
  return `${`${scenario}-${step}`.slice(0, MAX_NAME - RUN_SUFFIX - 1)}-${run}`
}

const MAYBE_LATER = /dial tcp|\bEOF\b|time(d )?out|connection re(set|fused)|too many requests|currently unable/i

/** True where the API server could not be asked, and asking again may help; a refusal is final. */
export const isTransient = (message: string): boolean => MAYBE_LATER.test(message)
