import { randomBytes } from 'node:crypto'
import { json, readJson } from '../http/answer.ts'
import type { Routes } from '../http/route.ts'
import { modelNotFound } from '../openai/error.ts'
import { readDetokenize, readTokenize, tokenizeBody } from '../openai/tokenize.ts'

export interface ModelOptions {
  modelNames: readonly string[]
  /** The model itself, as `root` of /v1/models. */
  root: string
  maxModelLen: number
  /** Milliseconds since the epoch. */
  now(): number
}

/** What is asked of the model without the engine. */
export const modelRoutes = ({ modelNames, root, maxModelLen, now }: ModelOptions): Routes => {
  const servedModel = modelNames[0] ?? ''
  const known = (model: string | null): void => {
    if (model !== null && model !== '' && !modelNames.includes(model)) throw modelNotFound(model, modelNames)
  }
  return {
    '/v1/models': {
      GET: ({ response }) =>
        json(response, 200, modelList(modelNames, { root, maxModelLen, created: Math.floor(now() / 1_000) })),
    },
    '/tokenize': {
      POST: async ({ request, response }) => {
        const asked = readTokenize(await readJson(request), servedModel)
        known(asked.model)
        json(response, 200, tokenizeBody(asked, maxModelLen))
      },
    },
    '/detokenize': {
      POST: async ({ request, response }) => {
        const { model, text } = readDetokenize(await readJson(request))
        known(model)
        json(response, 200, JSON.stringify({ prompt: text }))
      },
    },
  }
}

// --- Internal helpers ---

const modelList = (
  names: readonly string[],
  { root, maxModelLen, created }: { root: string; maxModelLen: number; created: number },
): string =>
  JSON.stringify({
    object: 'list',
    data: names.map((id) => ({
      id,
      object: 'model',
      created,
      owned_by: 'vllm',
      root,
      parent: null,
      max_model_len: maxModelLen,
      permission: [permission(created)],
    })),
  })

const permission = (created: number): object => ({
  id: `modelperm-${randomBytes(8).toString('hex')}`,
  object: 'model_permission',
  created,
  allow_create_engine: false,
  allow_sampling: true,
  allow_logprobs: true,
  allow_search_indices: false,
  allow_view: true,
  allow_fine_tuning: false,
  organization: '*',
  group: null,
  is_blocking: false,
})
