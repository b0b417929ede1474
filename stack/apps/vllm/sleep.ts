import { errorMessage } from '../../../lib/core/errors.ts'
import type { PauseMode } from '../../../lib/vllm/engine/types.ts'
import type { Driver } from './driver.ts'
import type { Executor } from './executor.ts'
import type { LogLine } from './log.ts'
import { type ApiError, callFailed, ENGINE_DEAD } from './openai/error.ts'
import { traceback } from './traceback.ts'

export interface Sleep {
  /** Resolves when what may still run has ended, and the memory is given back. */
  sleep(level: 0 | 1 | 2, mode: PauseMode): Promise<void>
  /** All parts where no tags are given; true once the engine works again. */
  wakeUp(tags: readonly string[] | null): Promise<boolean>
  /** Paused, or without its memory. */
  isSleeping(): boolean
  isPaused(): boolean
  /** Resolves when what may still run has ended. */
  pause(mode: PauseMode, clearCache: boolean): Promise<void>
  resume(): void
}

export interface SleepOptions {
  driver: Driver
  executor: Executor
  /** For vllm:engine_sleep_state; null is awake, 0 is paused with its memory. */
  onState(level: 0 | 1 | 2 | null): void
  /** How long an operation took. */
  onOperation(operation: 'sleep' | 'wake', seconds: number): void
  onLog: LogLine
  now(): number
}

/** vLLM's sleep mode (v1/engine/core.py): requests end or freeze by `mode`, new ones queue, and from level 1 on the memory is given back. */
export const createSleep = ({ driver, executor, onState, onOperation, onLog, now }: SleepOptions): Sleep => {
  let paused = false
  const info = (place: string, text: string): void => onLog('EngineCore', 'INFO', place, text)
  const alive = (): void => {
    if (driver.dead()) throw ENGINE_DEAD
  }
  const timed = async <T>(operation: 'sleep' | 'wake', work: () => Promise<T>): Promise<T> => {
    const from = now()
    try {
      return await work()
    } finally {
      onOperation(operation, (now() - from) / 1_000)
    }
  }
  /** The engine lives on, asleep. */
  const notAwake = (message: string): ApiError => {
    const frames = [
      'vllm/v1/executor/abstract.py", line 406, in wake_up',
      'vllm/device_allocator/cumem.py", line 350, in wake_up',
    ]
    const text = traceback(frames, `RuntimeError: ${message}`)
    onLog('EngineCore', 'ERROR', 'core.py:1750', `Invocation of wake_up method failed\n${text}`)
    return callFailed('wake_up', message)
  }
  const resume = (): void => {
    alive()
    paused = false
    info('scheduler.py:2756', 'setting pause state to UNPAUSED')
    driver.resume()
  }
  const pause = async (mode: PauseMode, clearCache: boolean, thenSleep = false): Promise<void> => {
    alive()
    paused = true
    info('scheduler.py:2756', `setting pause state to ${mode === 'keep' ? 'PAUSED_ALL' : 'PAUSED_NEW'}`)
    driver.pause(mode, { clearCache })
    if (thenSleep && driver.isStepping()) {
      info('core.py:993', 'Waiting for in-flight requests to complete before sleeping...')
    }
    if (!(await driver.idle())) throw ENGINE_DEAD
    if (clearCache) info('block_pool.py:861', 'Successfully reset prefix cache')
  }
  return {
    isSleeping: () => paused || executor.isSleeping(),
    isPaused: () => paused,
    pause,
    resume,
    sleep: (level, mode) =>
      timed('sleep', async () => {
        await pause(mode, level > 0, level > 0)
        if (level > 0) await executor.sleep()
        onState(level)
      }),
    wakeUp: (given) =>
      timed('wake', async () => {
        alive()
        // The scheduler alone has no memory to wake.
        const tags = given?.filter((tag) => tag !== 'scheduling') ?? null
        try {
          if (tags === null || tags.length > 0) await executor.wakeUp(tags)
        } catch (error) {
          throw notAwake(errorMessage(error))
        }
        if (executor.isSleeping()) return false
        resume()
        onState(null)
        return true
      }),
  }
}
