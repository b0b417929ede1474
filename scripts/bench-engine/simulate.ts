import { once } from 'node:events'
import { z } from 'zod'
import { startSimulationThread } from '../../lib/cli/simulation-thread.ts'
import { atMost, info, type Line } from '../bench/line.ts'

const GROUP = 'simulated time'
/** The compiler is nearly through after that: of a campaign's incidents the first costs six times as much as those that follow twenty. */
const WARM_UP = 20
/** A pass is so many incidents. Other guests of the host share its caches: they make a pass slower by up to half, and none faster. */
const PASSES = 6
const INCIDENTS_A_PASS = 4
const CAMPAIGN = 1_000
const INCIDENT_S = 600
const CORES = 2

const Run = z.object({ simulatedMs: z.number(), playMs: z.number(), prometheusMs: z.number(), judgeMs: z.number() })
export type Run = z.infer<typeof Run>

/** What a second of scenarios/quick.ts (3 replicas, 1,000 users) costs on simulated time, as a campaign plays it. */
export const simulatedTime = async (progress: (text: string) => void): Promise<Line[]> => {
  const count = WARM_UP + PASSES * INCIDENTS_A_PASS
  progress(`scenarios/quick.ts on simulated time, ${count} times`)
  const worker = startSimulationThread(new URL('./simulate-worker.ts', import.meta.url), count)
  const [message] = await once(worker, 'message')
  const runs = z.array(Run).parse(message).slice(WARM_UP)
  const passes = Array.from({ length: PASSES }, (_, at) =>
    costOf(runs.slice(at * INCIDENTS_A_PASS, (at + 1) * INCIDENTS_A_PASS)),
  ).toSorted((one, other) => one.model + one.prometheus - other.model - other.prometheus)
  const [quickest] = passes
  const all = costOf(runs)
  const minutes = (CAMPAIGN * INCIDENT_S * (all.model + all.prometheus + all.verdict)) / CORES / 60_000
  return [
    // 1,000 times real time on one core, which is one where nobody else makes it wait.
    atMost(GROUP, {
      what: `CPU time of a second: 3 replicas, 1,000 users; quickest of ${PASSES} passes`,
      value: quickest === undefined ? null : quickest.model + quickest.prometheus,
      atMost: 1,
      unit: 'ms',
    }),
    info(GROUP, '… of it the model', quickest?.model, 'ms'),
    info(GROUP, '… of it Prometheus', quickest?.prometheus, 'ms'),
    info(GROUP, 'mean of all passes', all.model + all.prometheus, 'ms'),
    info(GROUP, 'the verdict beside it', all.verdict, 'ms'),
    atMost(GROUP, {
      what: '1,000 incidents of ten minutes on two cores, by CPU time',
      value: minutes,
      atMost: 15,
      unit: 'min',
    }),
  ]
}

// --- Internal helpers ---

/** CPU time of a simulated second, in milliseconds. */
const costOf = (runs: readonly Run[]) => {
  const sum = (of: (run: Run) => number): number => runs.reduce((total, run) => total + of(run), 0)
  const seconds = sum((run) => run.simulatedMs) / 1_000
  return {
    model: sum((run) => run.playMs) / seconds,
    prometheus: sum((run) => run.prometheusMs) / seconds,
    verdict: sum((run) => run.judgeMs) / seconds,
  }
}
