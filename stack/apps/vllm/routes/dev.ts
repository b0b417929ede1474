import type { ServerResponse } from 'node:http'
import type { PauseMode } from '../../../../lib/vllm/engine/types.ts'
import { empty, json } from '../http/answer.ts'
import type { Call, Routes } from '../http/route.ts'
import type { LogLine } from '../log.ts'
import { ApiError } from '../openai/error.ts'
import type { Sleep } from '../sleep.ts'
import { type Fields, repr, readFields } from '../openai/pydantic.ts'

export interface DevOptions {
  sleep: Sleep
  /** False where blocks are held. */
  resetPrefixCache(resetRunningRequests: boolean): boolean
  onLog: LogLine
}

const MODES: readonly PauseMode[] = ['abort', 'wait', 'keep']

/** There with VLLM_SERVER_DEV_MODE=1 only. */
export const devRoutes = ({ sleep, resetPrefixCache, onLog }: DevOptions): Routes => {
  const info = (place: string, text: string): void => onLog('APIServer', 'INFO', place, text)
  return {
    '/reset_prefix_cache': {
      POST: ({ response, query }) => {
        const fields = readFields(Object.fromEntries(query), 'query')
        const resetRunning = fields.bool('reset_running_requests') ?? false
        fields.bool('reset_external')
        fields.done()
        info('api_router.py:38', 'Resetting prefix cache...')
        const success = resetPrefixCache(resetRunning)
        if (success) onLog('EngineCore', 'INFO', 'block_pool.py:861', 'Successfully reset prefix cache')
        json(response, 200, JSON.stringify({ success }))
      },
    },
    '/reset_mm_cache': {
      POST: ({ response }) => {
        info('api_router.py:52', 'Resetting multi-modal cache...')
        empty(response, 200)
      },
    },
    '/sleep': {
      POST: async (call) => {
        const { level, mode } = sleepQuery(call)
        await sleep.sleep(level, mode)
        json(call.response, 200, JSON.stringify({ status: 'sleeping', level }))
      },
    },
    '/wake_up': {
      POST: async ({ response, query }) => {
        const tags = query.has('tags') ? query.getAll('tags') : null
        const shown = tags === null ? 'None' : `[${tags.map(repr).join(', ')}]`
        info('api_router.py:50', `wake up the engine with tags: ${shown}`)
        const awake = await sleep.wakeUp(tags)
        json(response, 200, JSON.stringify({ status: awake ? 'awake' : 'sleeping', tags }))
      },
    },
    '/is_sleeping': {
      GET: ({ response }) => json(response, 200, JSON.stringify({ is_sleeping: sleep.isSleeping() })),
    },
    '/pause': {
      POST: async ({ response, query }) => {
        const fields = readFields(Object.fromEntries(query), 'query')
        const mode = readMode(fields)
        const clearCache = fields.bool('clear_cache') ?? true
        fields.done()
        await orError(response, 'pause generation', async () => {
          await sleep.pause(mode, clearCache)
          return { status: 'paused' }
        })
      },
    },
    '/resume': {
      POST: ({ response }) =>
        orError(response, 'resume generation', async () => {
          await Promise.resolve(sleep.resume())
          return { status: 'resumed' }
        }),
    },
    '/is_paused': {
      GET: ({ response }) => json(response, 200, JSON.stringify({ is_paused: sleep.isPaused() })),
    },
  }
}

// --- Internal helpers ---

/** These routes word errors themselves. */
const orError = async (response: ServerResponse, what: string, work: () => Promise<object>): Promise<void> => {
  try {
    json(response, 200, JSON.stringify(await work()))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    json(response, 500, JSON.stringify({ error: `Failed to ${what}: ${error.message}` }))
  }
}

const sleepQuery = ({ query }: Call): { level: 0 | 1 | 2; mode: PauseMode } => {
  const fields = readFields(Object.fromEntries(query), 'query')
  const level = fields.int('level') ?? 1
  if (level > 2) {
    const msg = 'Input should be less than or equal to 2'
    fields.refuse('level', { type: 'less_than_equal', msg, ctx: "{'le': 2}" }, query.get('level'))
  } else if (level < 0) {
    const msg = 'Input should be greater than or equal to 0'
    fields.refuse('level', { type: 'greater_than_equal', msg, ctx: "{'ge': 0}" }, query.get('level'))
  }
  const mode = readMode(fields)
  fields.done()
  return { level: level === 0 ? 0 : level === 2 ? 2 : 1, mode }
}

const readMode = (fields: Fields): PauseMode => {
  const asked = fields.text('mode') ?? 'abort'
  const mode = MODES.find((known) => known === asked)
  if (mode === undefined) {
    const expected = "'abort', 'wait' or 'keep'"
    const issue = { type: 'literal_error', msg: `Input should be ${expected}`, ctx: `{'expected': ${repr(expected)}}` }
    fields.refuse('mode', issue, asked)
  }
  return mode ?? 'abort'
}
