import type { ServerResponse } from 'node:http'
import type { EngineRequest } from '../../../../lib/vllm/engine/types.ts'
import { outputText } from '../../../../lib/vllm/text/words.ts'
import type { Sink } from '../driver.ts'
import { type ChoiceStream, choiceStream } from './choice-stream.ts'
import { ENGINE_DEAD } from './error.ts'
import { DONE, errorEvent, type Events, eventsOf, type Reply, type Usage } from './events.ts'
import type { Choice, Generation } from './request.ts'
import { openBody, type StreamBody } from './stream-body.ts'

/** Streams the tokens of all choices as server-sent events; a sink per choice, in their order. */
export const streamSinks = (response: ServerResponse, generation: Generation, reply: Reply): Sink[] => {
  const { kind, includeUsage, choices, sampling, returnTokenIds } = generation
  const events = eventsOf(kind, reply, includeUsage)
  const body = openBody(response)
  const streams = choices.map((choice) =>
    choiceStream(choice, sampling.includeStop ? [] : sampling.stop, returnTokenIds),
  )
  const answer = { generation, events, body, streams, opened: false, open: choices.length, failed: false }
  return choices.map((choice, index) => choiceSink(answer, choice, streams[index] ?? choiceStream(choice, [], false)))
}

// --- Internal helpers ---

interface Answer {
  generation: Generation
  events: Events
  body: StreamBody
  streams: readonly ChoiceStream[]
  /** Whether the events that come before the first token are sent. */
  opened: boolean
  /** Choices that have not finished. */
  open: number
  failed: boolean
}

const choiceSink = (answer: Answer, choice: Choice, stream: ChoiceStream): Sink => {
  const { events, body, generation } = answer
  const fast = isPlain(generation) ? fastEvent(events, body) : null
  let waiting = false
  let last: EngineRequest | null = null
  const pieceNow = (request: EngineRequest): string => {
    const piece = stream.next(request)
    if (piece === null) return ''
    const opening = openings(answer)
    return opening + events.piece({ ...piece, usage: generation.continuousUsage ? usageSoFar(choice, stream) : null })
  }
  const write = (text: string): void => {
    if (text !== '') body.write(text)
  }
  const flush = (): void => {
    waiting = false
    if (last === null) return
    write(pieceNow(last))
    last = null
  }
  return {
    token: (request) => {
      // A client that does not keep up gets what has gathered in one event later, as from vLLM's collector of outputs.
      if (waiting || body.full()) {
        last = request
        if (!waiting) body.onDrain(flush)
        waiting = true
        return
      }
      if (fast !== null && answer.opened && request.outputTokens === stream.sentTokens() + 1) {
        const text = outputText(choice.outputSeed, request.outputTokens - 1)
        stream.sentPlain(text)
        return fast(text)
      }
      write(pieceNow(request))
    },
    end: (request) => {
      last = null
      answer.open--
      if (answer.failed) return
      const piece = pieceNow(request)
      if (answer.open > 0) return body.write(piece)
      const usage = generation.includeUsage ? events.usage(usageOf(answer)) : ''
      body.write(piece + usage + DONE)
      body.end()
    },
    fail: () => {
      last = null
      if (answer.failed) return
      answer.failed = true
      body.write(errorEvent(ENGINE_DEAD.body) + DONE)
      body.end()
    },
  }
}

const openings = (answer: Answer): string => {
  if (answer.opened) return ''
  answer.opened = true
  const { events, generation } = answer
  return generation.choices
    .map(({ index, prompt }) => {
      const usage = { prompt_tokens: prompt.length, total_tokens: prompt.length, completion_tokens: 0 }
      return events.opening(
        index,
        generation.returnTokenIds ? [...prompt] : null,
        generation.continuousUsage ? usage : null,
      )
    })
    .join('')
}

/** One sequence, whose events differ in nothing but four characters. */
const isPlain = ({ choices, sampling, continuousUsage, returnTokenIds }: Generation): boolean =>
  choices.length === 1 && (sampling.stop.length === 0 || sampling.includeStop) && !continuousUsage && !returnTokenIds

/** As long as a token's text. The last one in an event is the text: names of models and requests come before it. */
const TOKEN = 'text'

/** A token costs one concatenation and one socket write: event and frame are prepared per request. */
const fastEvent = (events: Events, body: StreamBody): ((text: string) => void) => {
  const plain = { index: 0, finishReason: null, stopReason: null, tokenIds: null, promptTokenIds: null, usage: null }
  const written = body.frame(events.piece({ ...plain, text: TOKEN }))
  const at = written.lastIndexOf(TOKEN)
  const [head, tail] = [written.slice(0, at), written.slice(at + TOKEN.length)]
  return (text) => body.writeFrame(head + text + tail)
}

const usageSoFar = ({ prompt }: Choice, stream: ChoiceStream): Usage => ({
  prompt_tokens: prompt.length,
  total_tokens: prompt.length + stream.sentTokens(),
  completion_tokens: stream.sentTokens(),
})

/** A prompt that several choices share counts once. */
const usageOf = ({ generation, streams }: Answer): Usage => {
  const prompt = generation.prompts.reduce((sum, { tokens }) => sum + tokens.length, 0)
  const completion = streams.reduce((sum, stream) => sum + stream.sentTokens(), 0)
  return { prompt_tokens: prompt, total_tokens: prompt + completion, completion_tokens: completion }
}
