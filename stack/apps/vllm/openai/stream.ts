import type { ServerResponse } from 'node:http'
import type { EngineRequest } from '../../../../lib/vllm/engine/types.ts'
import { outputText } from '../../../../lib/vllm/text/words.ts'
import type { Sink } from '../driver.ts'
import { ENGINE_DEAD } from './error.ts'
import type { Generation } from './request.ts'

export const FINGERPRINT = 'vllm-0.32.0-8dbf080e'

export interface Reply {
  id: string
  /** Seconds since the epoch. */
  created: number
  model: string
}

/**
 * Streams tokens as server-sent events, byte for byte in the form of the recordings. A token costs one concatenation and
 * one socket write: the event and its HTTP chunk frame are prepared per request, and every token is four ASCII bytes.
 */
export const streamSink = (response: ServerResponse, generation: Generation, reply: Reply): Sink => {
  const events = generation.kind === 'chat' ? chatEvents(reply) : completionEvents(reply)
  const { write, frame } = openBody(response)
  const [head = '', tail = ''] = frame(events.content(PLACEHOLDER)).split(PLACEHOLDER)
  let opening = events.opening === '' ? '' : frame(events.opening)
  const close = (data: string): void => {
    write(opening + frame(data))
    response.end()
  }
  return {
    token: ({ outputTokens }) => {
      write(opening + head + outputText(generation.outputSeed, outputTokens - 1) + tail)
      opening = ''
    },
    end: (request) => {
      const usage = generation.includeUsage ? events.usage(usageOf(request)) : ''
      close(`${events.finish(request.finishReason ?? 'stop')}${usage}data: [DONE]\n\n`)
    },
    fail: () => close(`data: ${ENGINE_DEAD.body}\n\ndata: [DONE]\n\n`),
  }
}

export interface Usage {
  prompt_tokens: number
  total_tokens: number
  completion_tokens: number
}

export const usageOf = ({ prompt, outputTokens }: EngineRequest): Usage => ({
  prompt_tokens: prompt.length,
  total_tokens: prompt.length + outputTokens,
  completion_tokens: outputTokens,
})

/** JSON in ASCII only, so that its length in characters is its length in bytes. */
export const asciiJson = (value: unknown): string => JSON.stringify(value).replaceAll(/\P{ASCII}/gv, escaped)

// --- Internal helpers ---

const escaped = (char: string): string =>
  Array.from({ length: char.length }, (_, unit) => `\\u${char.charCodeAt(unit).toString(16).padStart(4, '0')}`).join('')

interface Events {
  opening: string
  content(text: string): string
  finish(reason: string): string
  usage(usage: Usage): string
}

const chatEvents = (reply: Reply): Events => {
  const start = `data: ${prefix(reply, 'chat.completion.chunk')}`
  const choice = (delta: string, end: string): string =>
    `${start}"choices":[{"index":0,"delta":${delta},"logprobs":null,${end}`
  return {
    opening: choice(
      '{"role":"assistant","content":""}',
      '"finish_reason":null}],"prompt_token_ids":null,"prompt_text":null}\n\n',
    ),
    content: (text) => choice(`{"content":"${text}"}`, '"finish_reason":null,"token_ids":null}]}\n\n'),
    finish: (reason) =>
      choice('{"content":""}', `"finish_reason":"${reason}","stop_reason":null,"token_ids":null}]}\n\n`),
    usage: (usage) => usageEvent(start, usage),
  }
}

const completionEvents = (reply: Reply): Events => {
  const start = `data: ${prefix(reply, 'text_completion')}`
  const choice = (text: string, reason: string): string =>
    `${start}"choices":[{"index":0,"text":"${text}","logprobs":null,"finish_reason":${reason},"stop_reason":null,` +
    '"prompt_token_ids":null,"token_ids":null}]}\n\n'
  return {
    opening: '',
    content: (text) => choice(text, 'null'),
    finish: (reason) => choice('', `"${reason}"`),
    usage: (usage) => usageEvent(start, usage),
  }
}

const prefix = ({ id, created, model }: Reply, object: string): string =>
  `${asciiJson({ id, object, created, model }).slice(0, -1)},`

const usageEvent = (start: string, usage: Usage): string =>
  `${start}"choices":[],"usage":${JSON.stringify(usage)},"system_fingerprint":"${FINGERPRINT}"}\n\n`

/** As long as a token's text, and in no event otherwise. */
const PLACEHOLDER = '\u0000'.repeat(4)

/**
 * Past node:http, straight to the socket with frames made here: a third of the CPU time of `response.write`. Where the response
 * is not at the head of its connection, or the client speaks HTTP/1.0, node:http does it.
 */
const openBody = (response: ServerResponse): { write(text: string): void; frame(data: string): string } => {
  response.flushHeaders()
  const { socket } = response
  if (socket === null || !response.chunkedEncoding) {
    return { write: (text) => void response.write(text, 'latin1'), frame: (data) => data }
  }
  return {
    write: (text) => void (socket.destroyed || socket.write(text, 'latin1')),
    frame: (data) => `${data.length.toString(16)}\r\n${data}\r\n`,
  }
}
