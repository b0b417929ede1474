import { naturalLength, promptSeed } from '../../../../lib/vllm/text/output-length.ts'
import { findStop, type StopPoint } from '../../../../lib/vllm/text/stop.ts'
import { tokenizeChat } from '../../../../lib/vllm/text/tokens.ts'
import { badParameter, checkLength } from './error.ts'
import { checkMessages, readMessages } from './messages.ts'
import { checkPrompts, type Prompt, readPrompts } from './prompt.ts'
import { type Fields, isRecord, readFields } from './pydantic.ts'
import { checkSampling, readSampling, type Sampling } from './sampling.ts'

/** A body whose types are right: what it asks of which model. */
export interface Ask {
  kind: 'chat' | 'completion'
  model: string | null
  /** The body's own id. */
  requestId: string | null
  prompts: readonly Prompt[]
  sampling: ReturnType<typeof readSampling>
  /** Under what name `max_tokens` came. */
  maxTokensName: string
  stream: boolean
  includeUsage: boolean
  continuousUsage: boolean
  echo: boolean
  returnTokenIds: boolean
}

/** One sequence for the engine. */
export interface Choice {
  index: number
  prompt: Uint32Array
  outputSeed: number
  maxTokens: number
  /** Where the model ends by itself, or is stopped. */
  naturalLength: number
  stop: StopPoint | null
  /** Text in front of the answer. */
  echo: string
}

/** An ask that fits the model: work for the engine. */
export interface Generation extends Ask {
  choices: readonly Choice[]
}

export interface GenerationLimits {
  maxModelLen: number
  seed: number
}

/** vLLM's default of `max_tokens` for completions; a chat may fill the context. */
const COMPLETION_MAX_TOKENS = 16

export const readChat = (body: unknown, servedModel: string): Ask => {
  const fields = readFields(body)
  const turns = readMessages(fields, servedModel)
  const newName = fields.int('max_completion_tokens')
  const sampling = readSampling(fields, newName ?? fields.int('max_tokens'))
  const ask = readCommon(fields, 'chat')
  fields.done()
  checkStreamOptions(fields, ask.stream)
  checkMessages(turns)
  const tokens = tokenizeChat(turns)
  const maxTokensName = newName === null ? 'max_tokens' : 'max_completion_tokens'
  return { ...ask, prompts: [{ tokens, isText: true, text: () => '' }], sampling, maxTokensName, echo: false }
}

export const readCompletion = (body: unknown): Ask => {
  const fields = readFields(body)
  const prompts = readPrompts(fields)
  const sampling = readSampling(fields, fields.int('max_tokens') ?? COMPLETION_MAX_TOKENS)
  const ask = readCommon(fields, 'completion')
  const echo = fields.bool('echo') ?? false
  fields.done()
  checkStreamOptions(fields, ask.stream)
  checkPrompts(fields.raw('prompt'), prompts)
  return { ...ask, prompts, sampling, maxTokensName: 'max_tokens', echo }
}

/** Checks lengths and sampling as vLLM does, and says what the engine has to compute. */
export const planGeneration = (ask: Ask, { maxModelLen, seed }: GenerationLimits): Generation => {
  const { sampling, prompts, maxTokensName } = ask
  if (sampling.maxTokens !== null && sampling.maxTokens > maxModelLen) {
    throw badParameter(
      `${maxTokensName}=${sampling.maxTokens} cannot be greater than max_model_len=${maxModelLen}. ` +
        'Please request fewer output tokens.',
      maxTokensName,
      String(sampling.maxTokens),
    )
  }
  const choices = prompts.flatMap((prompt, promptIndex) => {
    checkLength({ tokens: prompt.tokens.length, isText: prompt.isText }, maxModelLen)
    const left = maxModelLen - prompt.tokens.length
    const maxTokens = Math.min(sampling.maxTokens ?? left, left)
    checkSampling(sampling, maxTokens)
    return Array.from({ length: sampling.n }, (_, index) =>
      planChoice(ask, prompt, { index: promptIndex * sampling.n + index, child: index, maxTokens, seed }),
    )
  })
  return { ...ask, choices }
}

// --- Internal helpers ---

const readCommon = (fields: Fields, kind: Ask['kind']) => {
  const given = fields.raw('stream_options')
  const options = isRecord(given) ? given : {}
  const stream = fields.bool('stream') ?? false
  return {
    kind,
    model: fields.text('model'),
    requestId: fields.text('request_id'),
    stream,
    includeUsage: stream && options['include_usage'] === true,
    continuousUsage: stream && options['include_usage'] === true && options['continuous_usage_stats'] === true,
    returnTokenIds: fields.bool('return_token_ids') ?? false,
  }
}

const checkStreamOptions = (fields: Fields, stream: boolean): void => {
  const given = fields.raw('stream_options')
  if (given === undefined || given === null || stream) return
  throw badParameter('Stream options can only be defined when `stream=True`.', 'stream_options')
}

const planChoice = (
  { sampling, echo }: Ask,
  prompt: Prompt,
  { index, child, maxTokens, seed }: { index: number; child: number; maxTokens: number; seed: number },
): Choice => {
  const outputSeed = promptSeed(prompt.tokens, (sampling.seed ?? seed) + child)
  const byItself = sampling.ignoreEos ? Number.POSITIVE_INFINITY : naturalLength(outputSeed, sampling.minTokens)
  const stop = findStop(outputSeed, Math.min(maxTokens, byItself - 1), stopRules(sampling))
  return {
    index,
    prompt: prompt.tokens,
    outputSeed,
    maxTokens,
    naturalLength: stop?.tokens ?? byItself,
    stop,
    echo: echo ? prompt.text() : '',
  }
}

const stopRules = ({ stop, stopTokenIds, includeStop, minTokens }: Sampling) => ({
  strings: stop,
  tokenIds: stopTokenIds,
  include: includeStop,
  minTokens,
})
