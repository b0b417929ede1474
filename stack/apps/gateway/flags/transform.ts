import { z } from 'zod'
import { deriveSeed, seededRandom } from '../../../../lib/core/random.ts'

/** What the flags ask of one request. All at zero and false: the request goes through untouched. */
export interface RequestChange {
  /** Tokens of retrieved context in front of the prompt; 0 for none. */
  contextTokens: number
  /** Tokens that every answer runs to; 0 leaves the request's own limit. */
  maxTokens: number
  uniquePrefix: boolean
}

export interface RequestIdentity {
  /** Different for each request. */
  nonce: string
  /** Milliseconds since the epoch. */
  now: number
}

export const changesNothing = ({ contextTokens, maxTokens, uniquePrefix }: RequestChange): boolean =>
  contextTokens === 0 && maxTokens === 0 && !uniquePrefix

/** The body of a chat or completion request after the change; unchanged where it is not such a body (the engine says what is wrong with it). */
export const transformBody = (body: Buffer, change: RequestChange, identity: RequestIdentity): Buffer => {
  const parsed = parse(body)
  if (parsed === null) return body
  const prefix = promptPrefix(change, identity)
  const prompt = prefix === '' ? parsed : withPrefix(parsed, prefix)
  const limit = change.maxTokens === 0 ? {} : tokenLimit(parsed, change.maxTokens)
  return Buffer.from(JSON.stringify({ ...prompt, ...limit }))
}

/** The text that a chat or completion request begins with; empty where it has none. */
export const promptStart = (body: Buffer, characters: number): string => {
  const parsed = parse(body)
  const start = parsed?.messages === undefined ? parsed?.prompt : parsed.messages[0]?.content
  return (typeof start === 'string' ? start : (JSON.stringify(start) ?? '')).slice(0, characters)
}

// --- Internal helpers ---

const BYTES_PER_TOKEN = 4

/** Only what is changed is looked at; everything else goes through as it came. */
const RequestBody = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })).optional(),
  prompt: z.unknown().optional(),
})
type RequestBody = z.infer<typeof RequestBody>
type Message = NonNullable<RequestBody['messages']>[number]

const parse = (body: Buffer): RequestBody | null => {
  try {
    return RequestBody.safeParse(JSON.parse(body.toString('utf8'))).data ?? null
  } catch {
    return null
  }
}

const tokenLimit = (body: RequestBody, tokens: number) => ({
  max_tokens: tokens,
  // Where a client uses the newer name, the engine prefers it.
  ...(body['max_completion_tokens'] === undefined ? {} : { max_completion_tokens: tokens }),
  ignore_eos: true,
})

const promptPrefix = (change: RequestChange, { nonce, now }: RequestIdentity): string => {
  const unique = change.uniquePrefix ? `[${new Date(now).toISOString()} ${nonce}] ` : ''
  return change.contextTokens === 0 ? unique : `${unique}${retrievedContext(change.contextTokens, nonce)}\n\n`
}

/** Words of three letters and a space: four bytes each, which common tokenizers make about one token of. */
const retrievedContext = (tokens: number, nonce: string): string => {
  const random = seededRandom(deriveSeed(0, nonce))
  const letter = (): string => String.fromCharCode(97 + random.int(26))
  const length = tokens * BYTES_PER_TOKEN
  let text = `${nonce} context: `
  while (text.length < length) text += `${letter()}${letter()}${letter()} `
  return text.slice(0, length)
}

const withPrefix = (body: RequestBody, prefix: string): RequestBody => {
  if (body.messages !== undefined) return { ...body, messages: prefixedMessages(body.messages, prefix) }
  if (typeof body.prompt === 'string') return { ...body, prompt: prefix + body.prompt }
  // Prompts of token ids have no text that could be put in front.
  if (!isTexts(body.prompt)) return body
  return { ...body, prompt: body.prompt.map((prompt) => prefix + prompt) }
}

/** Chat templates take one system message, the first: text for the front goes into it. */
const prefixedMessages = (messages: Message[], prefix: string): Message[] => {
  const [first, ...rest] = messages
  if (first?.role !== 'system') return [{ role: 'system', content: prefix }, ...messages]
  const content = Array.isArray(first.content)
    ? [{ type: 'text', text: prefix }, ...first.content]
    : prefix + String(first.content ?? '')
  return [{ ...first, content }, ...rest]
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
