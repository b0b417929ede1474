import type { Clock } from '../core/clock.ts'
import type { Load } from '../core/load.ts'
import type { RunInfo } from '../core/run-folder.ts'
import type { Scenario } from '../core/scenario.ts'
import type { LoadRun } from '../k6/runner.ts'
import type { PrometheusClient } from '../prometheus/client.ts'
import { stopCondition } from './stop-condition.ts'

export type Ending = Pick<RunInfo, 'ending' | 'endingReason'>

export interface PlayOut {
  scenario: Scenario
  load: Pick<LoadRun, 'finished' | 'timelineFinished'>
  prometheus: Pick<PrometheusClient, 'query'>
  clock: Clock
  signal: AbortSignal
  onStopConditionError(message: string): void
}

/** Waits for whatever ends the drill first: the timeline and its settling, k6, the stop condition, or the signal. */
export const playOut = async (options: PlayOut): Promise<Ending> => {
  const { scenario, load, prometheus, clock, signal, onStopConditionError } = options
  const over = new AbortController()
  const until = AbortSignal.any([signal, over.signal])
  const played = load.timelineFinished.then(async (): Promise<Ending> => {
    await clock.sleep(scenario.settle, until)
    return { ending: 'completed', endingReason: null }
  })
  const loadEnded = load.finished.then(({ outcome, message }): Ending => {
    if (outcome === 'failed') return { ending: 'failed', endingReason: `k6 failed: ${message}` }
    return { ending: 'stopped', endingReason: `the load ended before the timeline did: ${longer(scenario.load)}` }
  })
  const interrupted = new Promise<Ending>((resolve) => {
    const tell = (): void => resolve({ ending: 'interrupted', endingReason: null })
    if (signal.aborted) tell()
    signal.addEventListener('abort', tell, { once: true })
  })
  const { stopWhen } = scenario.safety
  const stopped =
    stopWhen === undefined
      ? []
      : [
          stopCondition(prometheus, stopWhen, { clock, signal: until, onError: onStopConditionError }).then((reason) =>
            reason === null ? new Promise<Ending>(() => {}) : { ending: 'stopped' as const, endingReason: reason },
          ),
        ]
  try {
    return await Promise.race([played, loadEnded, interrupted, ...stopped])
  } finally {
    over.abort()
  }
}

// --- Internal helpers ---

const longer = ({ arrivals }: Load): string => {
  if (arrivals === undefined) return 'hold the users for longer'
  return arrivals.process === 'trace'
    ? 'replay a longer trace, or give it a longer `over`'
    : 'hold the arrivals for longer'
}
