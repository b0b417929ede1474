import { once } from 'node:events'
import { z } from 'zod'
import { startSimulationThread } from '../../lib/cli/simulation-thread.ts'
import { atMost, info, type Line } from '../bench/line.ts'

const GROUP = 'simulated time'
/** The compiler is through with the hot paths after that: a campaign's first incident costs three times as much as its tenth. */
const WARM_UP = 8
const MEASURED = 8
const INCIDENTS = 1_000
const INCIDENT_S = 600
const CORES = 2

const Run = z.object({ simulatedMs: z.number(), playMs: z.number(), prometheusMs: z.number(), judgeMs: z.number() })
export type Run = z.infer<typeof Run>

/** What a second of scenarios/quick.ts (3 replicas, 1,000 users) costs on simulated time, as a campaign plays it. */
export const simulatedTime = async (progress: (text: string) => void): Promise<Line[]> => {
  progress(`scenarios/quick.ts on simulated time, ${WARM_UP + MEASURED} times`)
  const worker = startSimulationThread(new URL('./simulate-worker.ts', import.meta.url), WARM_UP + MEASURED)
  const [message] = await once(worker, 'message')
  const runs = z.array(Run).parse(message).slice(WARM_UP)
  const sum = (of: (run: Run) => number): number => runs.reduce((all, run) => all + of(run), 0)
  const seconds = sum((run) => run.simulatedMs) / 1_000
  const model = sum((run) => run.playMs) / seconds
  const prometheus = sum((run) => run.prometheusMs) / seconds
  const verdict = sum((run) => run.judgeMs) / seconds
  const minutes = (INCIDENTS * INCIDENT_S * (model + prometheus + verdict)) / CORES / 60_000
  return [
    // 1,000 times real time on one core.
    atMost(GROUP, {
      what: 'CPU time of a second: 3 replicas, 1,000 users',
      value: model + prometheus,
      atMost: 1,
      unit: 'ms',
    }),
    info(GROUP, '… of it the model', model, 'ms'),
    info(GROUP, '… of it Prometheus', prometheus, 'ms'),
    info(GROUP, 'the verdict beside it', verdict, 'ms'),
    atMost(GROUP, {
      what: '1,000 incidents of ten minutes on two cores, by CPU time',
      value: minutes,
      atMost: 15,
      unit: 'min',
    }),
  ]
}
