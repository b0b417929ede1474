import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { HttpMetrics } from '../../../lib/vllm/metrics/http-metrics.ts'
import type { Driver } from './driver.ts'
import { bodySink } from './openai/body.ts'
import { ApiError, badRequest, modelNotFound, queueOverflow } from './openai/error.ts'
import { type Generation, readChat, readCompletion, readTokenize } from './openai/request.ts'
import { streamSink } from './openai/stream.ts'

export const VERSION = '0.32.0'

export interface ServerOptions {
  driver: Driver
  http: HttpMetrics
  /** Names under which the model is served; the first is the one in replies. */
  modelNames: readonly string[]
  /** The model itself, as `root` of /v1/models. */
  root: string
  maxModelLen: number
  maxNumQueuedReqs: number | null
  seed: number
  /** The whole /metrics page. */
  metricsPage(): string
  onQueueOverflow(): void
  /** One line per answered request, as uvicorn writes it: `127.0.0.1:4411 - "GET /v1/models HTTP/1.1" 200 OK`. */
  onAccess(line: string): void
  /** Milliseconds since the epoch. */
  now(): number
}

/** vLLM's OpenAI-compatible server; not listening yet. */
export const createVllmServer = (options: ServerOptions): Server => {
  const started = Math.floor(options.now() / 1_000)
  const handlers = routes(options, started)
  const server = createServer((request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?')
    const route = handlers[path]
    observe(request, response, path, route !== undefined, options)
    if (route === undefined) return fail(response, new ApiError(404, 'NotFoundError', 'Not Found'))
    if (route.method !== request.method)
      return fail(response, new ApiError(405, 'MethodNotAllowedError', 'Method Not Allowed'))
    route.handle(request, response).catch((error: unknown) => {
      fail(response, error instanceof ApiError ? error : new ApiError(500, 'InternalServerError', String(error)))
    })
  })
  // uvicorn's default.
  server.keepAliveTimeout = 5_000
  return server
}

// --- Internal helpers ---

interface Route {
  method: 'GET' | 'POST'
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}

/** Neither measured by the instrumentator nor, where only probes and scrapes call them, logged. */
const UNMEASURED = new Set(['/health', '/metrics', '/load', '/version'])

/** vLLM gives the rest of its address space to the request; a body of more than this is nobody's prompt. */
const MAX_BODY_BYTES = 64 * 2 ** 20

const routes = (options: ServerOptions, started: number): Readonly<Record<string, Route>> => {
  const { driver, maxModelLen, modelNames, root, seed } = options
  const limits = { maxModelLen, seed }
  const generate =
    (read: (body: unknown) => Generation) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<void> =>
      run(read(await readJson(request)), request, response, options)
  const get = (answer: (response: ServerResponse) => void): Route => ({
    method: 'GET',
    handle: (_, response) => Promise.resolve(answer(response)),
  })
  return {
    '/health': get((response) => response.writeHead(200).end()),
    '/load': get((response) => json(response, 200, JSON.stringify({ server_load: driver.unfinished() }))),
    '/version': get((response) => json(response, 200, JSON.stringify({ version: VERSION }))),
    '/metrics': get((response) =>
      response
        .writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
        .end(options.metricsPage()),
    ),
    '/v1/models': get((response) => json(response, 200, modelList(modelNames, root, maxModelLen, started))),
    '/v1/chat/completions': { method: 'POST', handle: generate((body) => readChat(body, limits)) },
    '/v1/completions': { method: 'POST', handle: generate((body) => readCompletion(body, limits)) },
    '/tokenize': {
      method: 'POST',
      handle: async (request, response) => {
        const tokens = readTokenize(await readJson(request))
        const answer = { count: tokens.length, max_model_len: maxModelLen, tokens: [...tokens], token_strs: null }
        json(response, 200, JSON.stringify(answer))
      },
    },
  }
}

const run = (
  generation: Generation,
  incoming: IncomingMessage,
  response: ServerResponse,
  { driver, modelNames, maxNumQueuedReqs, onQueueOverflow, onAccess, now }: ServerOptions,
): void => {
  const { kind, model, prompt, outputSeed, maxTokens, naturalLength, stream } = generation
  if (model !== null && model !== '' && !modelNames.includes(model)) throw modelNotFound(model, modelNames)
  if (maxNumQueuedReqs !== null && driver.unfinished() >= maxNumQueuedReqs) {
    onQueueOverflow()
    throw queueOverflow()
  }
  // The client may have gone while its body was read.
  if (response.destroyed) return
  const given = incoming.headers['x-request-id']
  const suffix = typeof given === 'string' && given !== '' ? given : randomBytes(8).toString('hex')
  const id = `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${suffix}`
  const reply = { id, created: Math.floor(now() / 1_000), model: modelNames[0] ?? '' }
  if (stream) {
    response.setHeader('server', 'uvicorn').setHeader('content-type', EVENT_STREAM)
    onAccess(accessLine(incoming, 200))
  }
  const sink = stream
    ? streamSink(response, generation, reply)
    : bodySink((status, body) => json(response, status, body), generation, reply)
  const request = driver.submit({ id, prompt, outputSeed, maxTokens, naturalLength }, sink)
  response.once('close', () => {
    if (request.status !== 'finished') driver.abort(request)
  })
}

const EVENT_STREAM = 'text/event-stream; charset=utf-8'

// By setHeader, so that the length can be read back when it is measured.
const json = (response: ServerResponse, status: number, body: string): void => {
  response.statusCode = status
  response
    .setHeader('server', 'uvicorn')
    .setHeader('content-type', 'application/json')
    .setHeader('content-length', Buffer.byteLength(body))
    .end(body)
}

const fail = (response: ServerResponse, error: ApiError): void => {
  if (response.headersSent) response.destroy()
  else json(response, error.status, error.body)
}

const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue
    parts.push(part)
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) throw new ApiError(413, 'BadRequestError', 'request body too large')
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch (error) {
    throw badRequest(`1 validation error: JSON decode error: ${String(error)}`)
  }
}

const modelList = (names: readonly string[], root: string, maxModelLen: number, created: number): string =>
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
      permission: [],
    })),
  })

/** Measures and logs every answered request but those of probes and scrapes; the duration includes the whole stream. */
const observe = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  routed: boolean,
  { http, onAccess, now }: ServerOptions,
): void => {
  if (UNMEASURED.has(path)) return
  const startedAt = now()
  response.once('close', () => {
    http.observe({
      handler: routed ? path : 'none',
      method: request.method ?? 'GET',
      // A client that left before the headers is counted as the middleware's initial status.
      status: response.headersSent ? response.statusCode : 500,
      requestBytes: Number(request.headers['content-length'] ?? 0),
      responseBytes: Number(response.getHeader('content-length') ?? 0),
      durationMs: now() - startedAt,
    })
    // A stream was logged when it began.
    if (response.getHeader('content-type') !== EVENT_STREAM) onAccess(accessLine(request, response.statusCode))
  })
}

const accessLine = ({ socket, method, url, httpVersion }: IncomingMessage, status: number): string =>
  `${socket.remoteAddress}:${socket.remotePort} - "${method} ${url} HTTP/${httpVersion}" ${status} ${STATUS_CODES[status] ?? ''}`
