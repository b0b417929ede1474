import type { ScriptStep } from './script-data.ts'

/**
 * When a step is due, in milliseconds since the epoch: `at` counts from the start of the load, `after` from the moment
 * the other step's fault was over. Null while that fault is not over.
 */
export const dueAt = (step: ScriptStep, startedAt: number, overAt: ReadonlyMap<string, number>): number | null => {
  if (step.when.kind === 'at') return startedAt + step.when.time
  const over = overAt.get(step.when.step)
  return over === undefined ? null : over + step.when.gap
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
