import { gibText } from '../../../lib/vllm/hardware/memory.ts'
import type { LogLine } from './log.ts'
import { repr } from './openai/pydantic.ts'

export type SleepPart = 'weights' | 'kv_cache'

/** What of the device's memory a sleeping engine gives back, and takes again when it wakes. */
export interface SleepMemory {
  /** Level 1 keeps the weights in host memory, level 2 forgets them: the device has them back either way. Tells what came free. */
  release(): Promise<{ freedBytes: number; usedBytes: number }>
  /** Rejects where the device has no room any more. */
  regain(part: SleepPart): Promise<void>
}

/** vLLM's Executor as far as it sleeps. */
export interface Executor {
  isSleeping(): boolean
  sleep(): Promise<void>
  /** All that sleeps where no tags are given. Rejects where its memory is gone. */
  wakeUp(tags: readonly string[] | null): Promise<void>
}

export const SLEEP_PARTS: readonly SleepPart[] = ['weights', 'kv_cache']

/** vllm/v1/executor/abstract.py: what sleeps is told by tags, whether or not any memory was given back. */
export const createExecutor = (memory: SleepMemory, log: LogLine, now: () => number): Executor => {
  const asleep = new Set<string>()
  const info = (place: string, text: string): void => log('EngineCore', 'INFO', place, text)
  const warn = (place: string, text: string): void => log('EngineCore', 'WARNING', place, text)
  const took = (from: number): string => `It took ${((now() - from) / 1_000).toFixed(6)} seconds to`
  return {
    isSleeping: () => asleep.size > 0,
    sleep: async () => {
      if (asleep.has('weights')) return warn('abstract.py:384', 'Executor is already sleeping.')
      const from = now()
      for (const part of SLEEP_PARTS) asleep.add(part)
      const { freedBytes, usedBytes } = await memory.release()
      const inUse = `${gibText(usedBytes)} GiB memory is still in use.`
      info('gpu_worker.py:326', `Sleep mode freed ${gibText(freedBytes)} GiB memory, ${inUse}`)
      info('abstract.py:390', `${took(from)} fall asleep.`)
    },
    wakeUp: async (tags) => {
      if (asleep.size === 0) return warn('abstract.py:396', 'Executor is not sleeping.')
      const unknown = tags?.find((tag) => !asleep.has(tag))
      if (unknown !== undefined) {
        return warn('abstract.py:401', `Tag ${unknown} is not in sleeping tags {${reprs([...asleep])}}`)
      }
      const from = now()
      const shown = tags === null ? `{${reprs([...asleep])}}` : `[${reprs(tags)}]`
      for (const part of SLEEP_PARTS) {
        if (!asleep.has(part) || tags?.includes(part) === false) continue
        await memory.regain(part)
      }
      for (const part of SLEEP_PARTS) if (tags?.includes(part) !== false) asleep.delete(part)
      info('abstract.py:408', `${took(from)} wake up tags ${shown}.`)
    },
  }
}

// --- Internal helpers ---

const reprs = (texts: readonly string[]): string => texts.map(repr).join(', ')
