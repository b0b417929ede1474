import type { PauseMode } from '../../../../lib/vllm/engine/types.ts'
import { empty, json } from '../http/answer.ts'
import type { Call, Routes } from '../http/route.ts'
import type { Sleep } from '../sleep.ts'
import { repr, readFields } from '../openai/pydantic.ts'

export interface DevOptions {
  sleep: Sleep
  /** False where blocks are held. */
  resetPrefixCache(resetRunningRequests: boolean): boolean
  /** A line of the server's log. */
  onLog(place: string, text: string): void
}

const MODES: readonly PauseMode[] = ['abort', 'wait', 'keep']

/** There with VLLM_SERVER_DEV_MODE=1 only. */
export const devRoutes = ({ sleep, resetPrefixCache, onLog }: DevOptions): Routes => ({
  '/reset_prefix_cache': {
    POST: ({ response, query }) => {
      const fields = readFields(Object.fromEntries(query), 'query')
      const resetRunning = fields.bool('reset_running_requests') ?? false
      fields.bool('reset_external')
      fields.done()
      onLog('api_router.py:38', 'Resetting prefix cache...')
      json(response, 200, JSON.stringify({ success: resetPrefixCache(resetRunning) }))
    },
  },
  '/reset_mm_cache': {
    POST: ({ response }) => {
      onLog('api_router.py:52', 'Resetting multi-modal cache...')
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
      onLog(
        'api_router.py:50',
        `wake up the engine with tags: ${tags === null ? 'None' : `[${tags.map(repr).join(', ')}]`}`,
      )
      const awake = await sleep.wakeUp(tags)
      json(response, 200, JSON.stringify({ status: awake ? 'awake' : 'sleeping', tags }))
    },
  },
  '/is_sleeping': {
    GET: ({ response }) => json(response, 200, JSON.stringify({ is_sleeping: sleep.isSleeping() })),
  },
  '/pause': {
    POST: (call) => {
      const { mode } = sleepQuery(call)
      sleep.pause(mode)
      json(call.response, 200, JSON.stringify({ status: 'paused' }))
    },
  },
  '/resume': {
    POST: ({ response }) => {
      sleep.resume()
      json(response, 200, JSON.stringify({ status: 'resumed' }))
    },
  },
  '/is_paused': {
    GET: ({ response }) => json(response, 200, JSON.stringify({ is_paused: sleep.isSleeping() })),
  },
})

// --- Internal helpers ---

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
  const asked = fields.text('mode') ?? 'abort'
  const mode = MODES.find((known) => known === asked)
  if (mode === undefined) {
    const expected = "'abort', 'wait' or 'keep'"
    const issue = { type: 'literal_error', msg: `Input should be ${expected}`, ctx: `{'expected': ${repr(expected)}}` }
    fields.refuse('mode', issue, asked)
  }
  fields.done()
  return { level: level === 0 ? 0 : level === 2 ? 2 : 1, mode: mode ?? 'abort' }
}
