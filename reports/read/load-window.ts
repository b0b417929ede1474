import { unreachable } from '../../lib/core/errors.ts'
import { loadDuration, loadPlan } from '../../lib/core/load.ts'
import type { RunInfo } from '../../lib/core/run-folder.ts'
import type { Scenario } from '../../lib/core/scenario.ts'

/** When the load is all there; milliseconds since the epoch. */
export interface Hold {
  from: number
  to: number
}

/**
 * Of users: the stages that hold the most of them. Of arrivals: the whole schedule, which is what it is at any time.
 * Null where the load never started or nobody knows the plan.
 */
export const holdOf = (scenario: Scenario | null, run: RunInfo | null): Hold | null => {
  const started = run?.loadStartedAt ?? null
  if (scenario === null || started === null) return null
  const load = loadPlan(scenario.load)
  switch (load.kind) {
    case 'users':
      return cut(peakOf(load.stages, started), run)
    case 'arrivals':
      return cut({ from: started, to: started + (loadDuration(load) ?? Infinity) }, run)
    default:
      return unreachable(load)
  }
}

// --- Internal helpers ---

const peakOf = (stages: readonly { to: number; over: number }[], started: number): Hold | null => {
  const users = Math.max(...stages.map(({ to }) => to))
  let at = started
  let from: number | null = null
  let to = started
  for (const stage of stages) {
    at += stage.over
    if (stage.to !== users) {
      if (from !== null) break
      continue
    }
    from ??= at
    to = at
  }
  return from === null ? null : { from, to }
}

/** The load may have ended before its plan did. */
const cut = (hold: Hold | null, run: RunInfo | null): Hold | null => {
  if (hold === null) return null
  const ended = run?.loadEndedAt ?? run?.endedAt ?? hold.to
  const to = Math.max(hold.from, Math.min(hold.to, ended))
  return Number.isFinite(to) ? { from: hold.from, to } : null
}
