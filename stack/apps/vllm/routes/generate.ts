import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EngineRequest } from '../../../../lib/vllm/engine/types.ts'
import type { Parent } from '../../../../lib/vllm/metrics/finished-observer.ts'
import type { Driver, Sink } from '../driver.ts'
import { type AccessOptions, beginStream } from '../http/access.ts'
import { json, readJson } from '../http/answer.ts'
import type { Routes } from '../http/route.ts'
import { completeBody } from '../openai/body.ts'
import { DRAINING, ENGINE_DEAD, modelNotFound, queueOverflow, tokensOverflow } from '../openai/error.ts'
import type { Reply } from '../openai/events.ts'
import { type Ask, type Generation, planGeneration, readChat, readCompletion } from '../openai/request.ts'
import { streamSinks } from '../openai/stream.ts'
import type { RequestTracer } from '../tracing/request-tracer.ts'

export interface GenerateOptions extends AccessOptions {
  driver: Driver
  /** Names under which the model is served; the first is the one in replies. */
  modelNames: readonly string[]
  maxModelLen: number
  seed: number
  fingerprint: string
  maxNumQueuedReqs: number | null
  maxNumQueuedTokens: number | null
  /** A request for tokens that is well-formed. */
  onCall(response: ServerResponse): void
  onRejected(reason: 'max_num_queued_reqs' | 'max_num_queued_tokens'): void
  /** Sequences of one prompt, of which the client asked for several. */
  onSiblings(requests: readonly EngineRequest[], parent: Parent): void
  /** After a SIGTERM that lets running requests end. */
  draining(): boolean
  /** A request was answered with the engine's death: the server ends now, and not at the watchdog's next look. */
  onEngineError(): void
  tracer: RequestTracer | null
  requestIdHeaders: boolean
}

export const generateRoutes = (options: GenerateOptions): Routes => {
  const route = (read: (body: unknown) => Ask) => ({
    POST: async ({ request, response }: { request: IncomingMessage; response: ServerResponse }): Promise<void> => {
      const ask = read(await readJson(request))
      options.onCall(response)
      admit(ask, options)
      const generation = planGeneration(ask, options)
      // The client may have gone while its body was read.
      if (!response.destroyed) run(generation, request, response, options)
    },
  })
  const servedModel = options.modelNames[0] ?? ''
  return {
    '/v1/chat/completions': route((body) => readChat(body, servedModel)),
    '/v1/completions': route(readCompletion),
  }
}

// --- Internal helpers ---

/** What vLLM checks before it looks at the prompt. */
const admit = ({ model, sampling }: Ask, options: GenerateOptions): void => {
  const { driver, modelNames, maxNumQueuedReqs, maxNumQueuedTokens } = options
  if (model !== null && model !== '' && !modelNames.includes(model)) throw modelNotFound(model, modelNames)
  if (driver.dead()) {
    options.onEngineError()
    throw ENGINE_DEAD
  }
  if (maxNumQueuedReqs !== null && driver.unfinished() + sampling.n > maxNumQueuedReqs) {
    options.onRejected('max_num_queued_reqs')
    throw queueOverflow()
  }
  if (maxNumQueuedTokens !== null && driver.queuedTokens() >= maxNumQueuedTokens) {
    options.onRejected('max_num_queued_tokens')
    throw tokensOverflow()
  }
  if (options.draining()) throw DRAINING
}

const run = (
  generation: Generation,
  incoming: IncomingMessage,
  response: ServerResponse,
  options: GenerateOptions,
): void => {
  const { driver, modelNames, fingerprint, now, tracer } = options
  const { kind, stream, choices, sampling } = generation
  const given = incoming.headers['x-request-id']
  const suffix = typeof given === 'string' ? given : (generation.requestId ?? randomBytes(8).toString('hex'))
  const id = `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${suffix}`
  const reply = { id, created: Math.floor(now() / 1_000), model: modelNames[0] ?? '', fingerprint }
  if (options.requestIdHeaders) response.setHeader('x-request-id', suffix)
  if (stream) beginStream(incoming, response, options)
  const sinks = stream ? streamSinks(response, generation, reply) : bodySinks(response, generation, reply, options)
  const traced = tracer === null ? sinks : tracer.watch(sinks, { id, generation, headers: incoming.headers })
  const { priority } = sampling
  const requests = choices.map(({ index, prompt, outputSeed, maxTokens, naturalLength }) => {
    const init = { id: `${id}-${index}`, prompt, outputSeed, maxTokens, naturalLength, priority }
    return driver.submit(init, traced[index] ?? SILENT)
  })
  const { n } = sampling
  for (const promptIndex of n > 1 ? generation.prompts.keys() : []) {
    options.onSiblings(requests.slice(promptIndex * n, (promptIndex + 1) * n), { n, open: n, longest: 0 })
  }
  response.once('close', () => {
    for (const request of requests) if (request.status !== 'finished') driver.abort(request)
  })
}

const SILENT: Sink = { token: () => undefined, end: () => undefined, fail: () => undefined }

/** Answers in one piece when all choices have finished. */
const bodySinks = (
  response: ServerResponse,
  generation: Generation,
  reply: Reply,
  { onEngineError }: GenerateOptions,
): Sink[] => {
  const ended: EngineRequest[] = []
  let open = generation.choices.length
  return generation.choices.map((_, index) => ({
    token: () => undefined,
    end: (request) => {
      ended[index] = request
      if (--open === 0) json(response, 200, completeBody(ended, generation, reply))
    },
    fail: () => {
      if (response.headersSent) return
      json(response, ENGINE_DEAD.status, ENGINE_DEAD.body)
      onEngineError()
    },
  }))
}
