import type { PauseMode } from '../../../lib/vllm/engine/types.ts'
import type { Driver } from './driver.ts'

/** What of the device's memory a sleeping engine gives back, and takes again when it wakes. */
export interface SleepMemory {
  /** Level 1 keeps the weights in host memory, level 2 forgets them: the device has them back either way. */
  release(): void
  /** Rejects where the device has no room any more. */
  regain(part: SleepPart): Promise<void>
}

export type SleepPart = 'weights' | 'kv_cache'

export interface Sleep {
  sleep(level: 0 | 1 | 2, mode: PauseMode): Promise<void>
  /** All parts where no tags are given; true once the engine works again. */
  wakeUp(tags: readonly string[] | null): Promise<boolean>
  isSleeping(): boolean
  pause(mode: PauseMode): void
  resume(): void
}

export interface SleepOptions {
  driver: Driver
  memory: SleepMemory
  /** For vllm:engine_sleep_state; 0 is awake. */
  onState(level: 0 | 1 | 2): void
  /** How long an operation took. */
  onOperation(operation: 'sleep' | 'wake', seconds: number): void
  onLog(place: string, text: string): void
  /** Memory could not be had again. */
  onLost(): void
  now(): number
}

const PARTS: readonly SleepPart[] = ['weights', 'kv_cache']

/** vLLM's sleep mode: requests end or freeze by `mode`, new ones queue, and from level 1 on the memory is given back. */
export const createSleep = ({ driver, memory, onState, onOperation, onLog, onLost, now }: SleepOptions): Sleep => {
  let paused = false
  const gone = new Set<SleepPart>()
  const took = (from: number): number => (now() - from) / 1_000
  const resume = (): void => {
    paused = false
    onLog('scheduler.py:2756', 'setting pause state to UNPAUSED')
    driver.resume()
  }
  const pause = (mode: PauseMode, clearCache: boolean): void => {
    paused = true
    onLog('scheduler.py:2756', `setting pause state to ${mode === 'keep' ? 'PAUSED_ALL' : 'PAUSED_NEW'}`)
    driver.pause(mode, { clearCache })
  }
  return {
    isSleeping: () => paused,
    pause: (mode) => pause(mode, true),
    resume,
    sleep: async (level, mode) => {
      const from = now()
      pause(mode, level > 0)
      if (mode === 'wait') await driver.drained()
      onOperation('sleep', took(from))
      if (level === 0 || gone.size > 0) return
      for (const part of PARTS) gone.add(part)
      memory.release()
      onState(level)
      onLog('abstract.py:390', `It took ${took(from).toFixed(6)} seconds to fall asleep.`)
    },
    wakeUp: async (tags) => {
      const from = now()
      const wanted = PARTS.filter((part) => gone.has(part) && (tags === null || tags.includes(part)))
      try {
        for (const part of wanted) {
          await memory.regain(part)
          gone.delete(part)
        }
      } catch {
        onLost()
        return false
      }
      const tagsText = wanted.map((part) => `'${part}'`).join(', ')
      if (wanted.length === 0) onLog('abstract.py:396', 'Executor is not sleeping.')
      else onLog('abstract.py:408', `It took ${took(from).toFixed(6)} seconds to wake up tags {${tagsText}}.`)
      onOperation('wake', took(from))
      if (gone.size > 0) return false
      onState(0)
      resume()
      return true
    },
  }
}
