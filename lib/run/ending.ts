import type { Clock } from '../core/clock.ts'
import type { Load } from '../core/load.ts'
import type { RunInfo } from '../core/run-folder.ts'
import type { Scenario } from '../core/scenario.ts'
import type { LoadRun } from '../k6/runner.ts'
import type { Watch } from './watch.ts'

export type Ending = Pick<RunInfo, 'ending' | 'endingReason'>

export interface PlayOut {
  scenario: Pick<Scenario, 'settle' | 'load'>
  load: Pick<LoadRun, 'finished' | 'timelineFinished'>
  /** What else may end it. */
  watches: readonly Watch[]
  clock: Clock
  signal: AbortSignal
  onWatchError(message: string): void
}

/** Waits for whatever ends the drill first: the timeline and its settling, k6, one of the watches, or the signal. */
export const playOut = async (options: PlayOut): Promise<Ending> => {
  const { scenario, load, watches, clock, signal, onWatchError } = options
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
  const polling = { clock, signal: until, onError: onWatchError }
  const watched = watches.map(async (watch) => (await watch(polling)) ?? new Promise<Ending>(() => {}))
  try {
    return await Promise.race([played, loadEnded, interrupted, ...watched])
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
