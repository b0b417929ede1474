import type { Generation } from './request.ts'

/** What all events of an answer share. */
export interface Reply {
  id: string
  /** Seconds since the epoch. */
  created: number
  model: string
  fingerprint: string
}

export interface Usage {
  prompt_tokens: number
  total_tokens: number
  completion_tokens: number
}

/** One piece of one choice. */
export interface Piece {
  index: number
  text: string
  finishReason: string | null
  stopReason: string | number | null
  tokenIds: readonly number[] | null
  /** Of completions, with the first piece. */
  promptTokenIds: readonly number[] | null
  /** Where the client asked for it with every event. */
  usage: Usage | null
}

/** The events of a stream, byte for byte as vLLM 0.32.0 writes them (in ASCII only: length in characters is length in bytes). */
export interface Events {
  /** Before the first token of a chat, one per choice; empty for a completion. */
  opening(index: number, promptTokenIds: readonly number[] | null, usage: Usage | null): string
  piece(piece: Piece): string
  /** The last one, where usage was asked for. */
  usage(usage: Usage): string
}

export const eventsOf = (kind: Generation['kind'], reply: Reply, includeUsage: boolean): Events =>
  kind === 'chat' ? chatEvents(reply, includeUsage) : completionEvents(reply, includeUsage)

export const DONE = 'data: [DONE]\n\n'

/** An error in a stream that has begun: vLLM writes it with Python's json.dumps, spaces and all. */
export const errorEvent = (body: string): string =>
  `data: ${JSON.stringify(JSON.parse(body), null, 1)
    .replaceAll(/\n\s*\}/g, '}')
    .replaceAll(/\{\n\s*/g, '{')
    .replaceAll(/,\n\s*/g, ', ')}\n\n`

/** JSON in ASCII only, so that its length in characters is its length in bytes. */
export const asciiJson = (value: unknown): string => JSON.stringify(value).replaceAll(/\P{ASCII}/gv, escaped)

// --- Internal helpers ---

const escaped = (char: string): string =>
  Array.from({ length: char.length }, (_, unit) => `\\u${char.charCodeAt(unit).toString(16).padStart(4, '0')}`).join('')

const event = (reply: Reply, object: string, fields: object): string => {
  const { id, created, model } = reply
  return `data: ${asciiJson({ id, object, created, model, ...fields })}\n\n`
}

/** On the last piece, unless an event of usage follows. */
const stamp = ({ fingerprint }: Reply, { finishReason }: Piece, includeUsage: boolean): object =>
  finishReason === null || includeUsage ? {} : { system_fingerprint: fingerprint }

const chatEvents = (reply: Reply, includeUsage: boolean): Events => {
  const chunk = (fields: object): string => event(reply, 'chat.completion.chunk', fields)
  const detailed = (usage: Usage | null): object =>
    usage === null ? {} : { usage: { ...usage, completion_tokens_details: null } }
  return {
    opening: (index, promptTokenIds, usage) =>
      chunk({
        choices: [{ index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }],
        ...detailed(usage),
        prompt_token_ids: promptTokenIds,
        prompt_text: null,
      }),
    piece: (piece) => {
      const { index, text, finishReason, stopReason, tokenIds, usage } = piece
      const stop = finishReason === null ? {} : { stop_reason: stopReason }
      const delta = { content: text }
      const choice = { index, delta, logprobs: null, finish_reason: finishReason, ...stop, token_ids: tokenIds }
      return chunk({ choices: [choice], ...detailed(usage), ...stamp(reply, piece, includeUsage) })
    },
    usage: (usage) => chunk({ choices: [], usage, system_fingerprint: reply.fingerprint }),
  }
}

const completionEvents = (reply: Reply, includeUsage: boolean): Events => {
  const chunk = (fields: object): string => event(reply, 'text_completion', fields)
  return {
    opening: () => '',
    piece: (piece) => {
      const { index, text, finishReason, stopReason, tokenIds, promptTokenIds, usage } = piece
      const choice = {
        index,
        text,
        logprobs: null,
        finish_reason: finishReason,
        stop_reason: stopReason,
        prompt_token_ids: promptTokenIds,
        token_ids: tokenIds,
      }
      return chunk({ choices: [choice], ...(usage === null ? {} : { usage }), ...stamp(reply, piece, includeUsage) })
    },
    usage: (usage) => chunk({ choices: [], usage, system_fingerprint: reply.fingerprint }),
  }
}
