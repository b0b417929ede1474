import { z } from 'zod'
import { naturalLength, promptSeed } from '../../../../lib/vllm/text/output-length.ts'
import { tokenize, tokenizeChat } from '../../../../lib/vllm/text/tokens.ts'
import { badRequest, checkLength } from './error.ts'

const Content = z.union([
  z.string(),
  z
    .array(z.looseObject({ type: z.literal('text'), text: z.string() }))
    .transform((parts) => parts.map(({ text }) => text).join('\n')),
  z.null().transform(() => ''),
])

const Sampling = {
  model: z.string().nullish(),
  max_tokens: z.number().int().positive().nullish(),
  min_tokens: z.number().int().nonnegative().default(0),
  ignore_eos: z.boolean().default(false),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.literal(1, { error: 'the emulated engine samples one sequence per request: n must be 1' }).nullish(),
  seed: z.number().int().nullish(),
}

/** Everything else that the API knows (stop, temperature, tools, logprobs …) is accepted and has no effect on filler text. */
export const ChatBody = z.looseObject({
  ...Sampling,
  messages: z.array(z.looseObject({ role: z.string(), content: Content.default('') })).min(1),
  max_completion_tokens: z.number().int().positive().nullish(),
})

const TokenIds = z.array(z.number().int().nonnegative()).min(1)

export const CompletionBody = z.looseObject({
  ...Sampling,
  prompt: z.union([z.string(), TokenIds, z.tuple([z.string()]), z.tuple([TokenIds])]),
})

const TokenizeBody = z.union([
  z.looseObject({ prompt: z.string() }).transform(({ prompt }) => prompt),
  z.looseObject({ messages: ChatBody.shape.messages }).transform(({ messages }) => messages),
])

/** vLLM's default of `max_tokens` for completions; a chat may fill the context. */
const COMPLETION_MAX_TOKENS = 16

export interface Generation {
  kind: 'chat' | 'completion'
  model: string | null
  prompt: Uint32Array
  outputSeed: number
  maxTokens: number
  naturalLength: number
  stream: boolean
  includeUsage: boolean
}

export interface GenerationLimits {
  maxModelLen: number
  seed: number
}

/** A body that has been read as JSON becomes work for the engine, or a 400 in vLLM's form. */
export const readChat = (body: unknown, limits: GenerationLimits): Generation => {
  const chat = parse(ChatBody, body)
  const prompt = tokenizeChat(chat.messages)
  return generation('chat', chat, prompt, chat.max_completion_tokens ?? chat.max_tokens ?? null, limits)
}

export const readCompletion = (body: unknown, limits: GenerationLimits): Generation => {
  const completion = parse(CompletionBody, body)
  const { prompt } = completion
  const single = typeof prompt === 'string' || typeof prompt[0] === 'number' ? prompt : prompt[0]
  const tokens = typeof single === 'string' ? tokenize(single) : Uint32Array.from(flat(single))
  if (tokens.length === 0) throw badRequest('The decoder prompt cannot be empty', 'prompt')
  return generation('completion', completion, tokens, completion.max_tokens ?? COMPLETION_MAX_TOKENS, limits)
}

/** The tokens of a /tokenize body, a prompt or a chat. */
export const readTokenize = (body: unknown): Uint32Array => {
  const prompt = parse(TokenizeBody, body)
  return typeof prompt === 'string' ? tokenize(prompt) : tokenizeChat(prompt)
}

// --- Internal helpers ---

type SamplingBody = z.infer<z.ZodObject<typeof Sampling>>

const generation = (
  kind: Generation['kind'],
  body: SamplingBody,
  prompt: Uint32Array,
  asked: number | null,
  { maxModelLen, seed }: GenerationLimits,
): Generation => {
  checkLength(prompt.length, asked ?? 0, maxModelLen)
  const outputSeed = promptSeed(prompt, body.seed ?? seed)
  return {
    kind,
    model: body.model ?? null,
    prompt,
    outputSeed,
    maxTokens: asked ?? maxModelLen - prompt.length,
    naturalLength: body.ignore_eos ? Number.POSITIVE_INFINITY : naturalLength(outputSeed, body.min_tokens),
    stream: body.stream === true,
    includeUsage: body.stream === true && body.stream_options?.include_usage === true,
  }
}

const flat = (ids: readonly (number | string | number[])[] | undefined): number[] =>
  (ids ?? []).filter((id) => typeof id === 'number')

const parse = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [first] = result.error.issues
  const path = first?.path.join('.') ?? ''
  throw badRequest(
    `${result.error.issues.length} validation error: ${path}: ${first?.message ?? ''}`,
    path === '' ? null : path,
  )
}
