import { AGENT_READY } from '../contract.ts'
import { allLines, type Part } from './part.ts'

/**
 * A part that is started again where a signal has killed it (a full memory, a crash of the runtime, somebody), as an init system
 * does with a kubelet: all that it knows is in the API, and it says that it is ready each time. Where it ends by itself, or is killed
 * before it was ready, another start would do no better, and it has ended.
 */
export const keepPart = (start: () => Part, onAgain: (how: string) => void): Part => {
  let part = start()
  let starts = 1
  let stopping = false
  const { name, logFile } = part
  const exited = async (): Promise<string> => {
    for (;;) {
      const how = await part.exited
      if (stopping || !how.startsWith('killed') || timesReady(logFile) < starts) return how
      onAgain(how)
      part = start()
      starts += 1
    }
  }
  return {
    name,
    logFile,
    exited: exited(),
    stop: (graceMs) => {
      stopping = true
      return part.stop(graceMs)
    },
  }
}

/** How often a part has said so, in all its lives. */
export const timesReady = (logFile: string): number => allLines(logFile).filter((line) => line === AGENT_READY).length
