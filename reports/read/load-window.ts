import type { RunInfo } from '../../lib/core/run-folder.ts'
import type { Scenario } from '../../lib/core/scenario.ts'

export interface Hold {
  /** The most virtual users that the scenario asks for. */
  users: number
  /** When they are all to be there, and until when; milliseconds since the epoch. */
  from: number
  to: number
}

/** The stages that hold the peak, on the clock of the run; null where the load never started or nobody knows the plan. */
export const holdOf = (scenario: Scenario | null, run: RunInfo | null): Hold | null => {
  const started = run?.loadStartedAt ?? null
  if (scenario === null || started === null) return null
  const { stages } = scenario.load.users
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
  const ended = run?.loadEndedAt ?? run?.endedAt ?? to
  return from === null ? null : { users, from, to: Math.max(from, Math.min(to, ended)) }
}
