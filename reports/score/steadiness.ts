import { AGENT_RESTARTED } from '../../lib/core/node-agent.ts'
import { isFailed } from '../read/requests.ts'
import type { RunData } from '../read/run-data.ts'
import type { StepRecord } from './steps.ts'
import { plural, relative, seconds } from './words.ts'

/** What was wrong with the target when nothing of ours was: alerts then speak of something that no fault record knows. */
export const findDisturbances = (run: RunData, steps: readonly StepRecord[]): string[] => [
  ...failingBaseline(run, steps),
  ...unplannedRestarts(run, steps),
  ...agentRestarts(run),
]

// --- Internal helpers ---

/** More than this share of failed requests without a fault is no steady state. */
const TOLERATED_FAILURES = 0.01

const failingBaseline = ({ run, scenario, requests }: RunData, steps: readonly StepRecord[]): string[] => {
  const to = steps[0]?.injected ?? run?.loadEndedAt ?? null
  if (to === null || scenario === null || requests === null) return []
  const baseline = requests.filter(({ ended }) => ended >= to - scenario.baseline && ended < to)
  const failed = baseline.filter(isFailed).length
  if (failed <= baseline.length * TOLERATED_FAILURES) return []
  return [
    `the target was not in its steady state: ${failed} of ${baseline.length} requests failed in the ${seconds(scenario.baseline)} before the first fault`,
  ]
}

/** Without records of the pods nothing is inferred; that they are missing is a doubt of its own. */
const unplannedRestarts = ({ run, pods }: RunData, steps: readonly StepRecord[]): string[] => {
  const from = run?.loadStartedAt ?? null
  const to = run?.loadEndedAt ?? null
  if (from === null || to === null || pods === null) return []
  const isFaulty = (at: number): boolean =>
    steps.some(
      ({ injected, over, control }) => !control && injected !== null && at >= injected && at <= (over ?? Infinity),
    )
  const restarts = new Map<string, number>()
  return pods.flatMap(({ at, name, uid, restarts: count, reason, exitCode }) => {
    const before = restarts.get(uid) ?? count
    restarts.set(uid, count)
    if (count <= before || at < from || at > to || isFaulty(at)) return []
    const how = [reason, exitCode === null ? null : `exit code ${exitCode}`].filter((part) => part !== null).join(', ')
    return [
      `${name} restarted at ${relative(at, from)} of the load, where no fault was${how === '' ? '' : ` (${how})`}`,
    ]
  })
}

/** Within a fault's window too: no fault kills the agent of a node, and all that ran there is not what the fault alone has made of it. */
const agentRestarts = ({ run, events }: RunData): string[] => {
  const from = run?.loadStartedAt ?? null
  const to = run?.loadEndedAt ?? null
  if (from === null || to === null) return []
  // Events know whole seconds only.
  const told = (events ?? []).filter(
    ({ reason, at }) => reason === AGENT_RESTARTED && at >= Math.floor(from / 1_000) * 1_000 && at <= to,
  )
  const [first] = told
  if (first === undefined) return []
  const pods = new Set(told.map(({ object }) => object)).size
  return [
    `a node agent was killed by ${relative(first.at, from)} of the load, which no fault does: ${plural(pods, 'pod')} started again`,
  ]
}
