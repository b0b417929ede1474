import type { Clock } from '../../core/clock.ts'
import { errorMessage } from '../../core/errors.ts'
import { AGENT_READY } from '../contract.ts'
import { type Backoff, nextRestart } from '../node/backoff.ts'
import { allLines, type Part } from './part.ts'

/** Between two starts: none where it has lived for long, then this, doubling to the most. */
const PAUSE_MS = { base: 250, max: 2_000 }
const WITHIN_MS = 60_000

export interface KeepOptions {
  /** Again and again: each time a process of its own, with the same log. */
  start(): Part
  /** It is started again, after so many milliseconds. */
  onAgain(how: string, pauseMs: number): void
  /** After so many deaths within a minute it is not: it does not serve its pods any more, and each start ends them all again. */
  deaths: number
  clock: Clock
}

/**
 * A part that is started again where a signal has killed it (a full memory, a crash of the runtime, somebody), as an init system
 * does with a kubelet: all that it knows is in the API, and it says that it is ready each time. Where it ends by itself, is killed
 * before it was ready, or time and again, another start would do no better, and it has ended.
 */
export const keepPart = ({ start, onAgain, deaths: most, clock }: KeepOptions): Part => {
  let part = start()
  let starts = 1
  const stopping = new AbortController()
  const { name, logFile } = part
  const exited = async (): Promise<string> => {
    let backoff: Backoff | null = null
    let deaths: number[] = []
    for (;;) {
      const how = await part.exited
      if (stopping.signal.aborted || !how.startsWith('killed') || timesReady(logFile) < starts) return how
      const now = clock.now()
      deaths = [...deaths.filter((at) => at > now - WITHIN_MS), now]
      if (deaths.length === most) return `${how}, ${deaths.length} times within ${WITHIN_MS / 1_000} s`
      const next = nextRestart(backoff, now, PAUSE_MS)
      backoff = next.backoff
      onAgain(how, next.waitMs)
      await clock.sleep(next.waitMs, stopping.signal)
      if (stopping.signal.aborted) return how
      try {
        part = start()
      } catch (error) {
        return `${how}, and could not be started again: ${errorMessage(error)}`
      }
      starts += 1
    }
  }
  return {
    name,
    logFile,
    exited: exited(),
    stop: (graceMs) => {
      stopping.abort()
      return part.stop(graceMs)
    },
  }
}

/** How often a part has said so, in all its lives. */
export const timesReady = (logFile: string): number => allLines(logFile).filter((line) => line === AGENT_READY).length
