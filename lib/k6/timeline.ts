import type { ScriptStep } from './script-data.ts'

/** Since when a step's condition has been true without a gap, and what it returned then. */
export interface Holding {
  since: number
  value: number
}

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

/** The time by which a condition must have held; null for steps that wait for none. */
export const givenUpAt = ({ when }: ScriptStep, startedAt: number): number | null =>
  when.kind === 'when' ? startedAt + when.by : null

/** Whether a step's condition is to be asked for: not while the baseline is told from its alerts. */
export const isWatched = ({ when }: ScriptStep, startedAt: number, now: number): boolean =>
  when.kind === 'when' && now >= startedAt + when.from

/** A fault in force that a step which is due has to wait for; null where it may begin. */
export const blockedBy = ({ overlaps }: ScriptStep, { active }: Pick<Played, 'active'>): string | null =>
  [...active.keys()].find((other) => !overlaps.includes(other)) ?? null

/** Why a step was not started, once its time has come. */
export const whyGivenUp = (holding: Holding | undefined, blocker: string | null): string => {
  if (holding === undefined) return 'its condition was not true'
  return blocker === null
    ? 'its condition had not held for long enough'
    : `its condition held, and ${blocker} was in force`
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
