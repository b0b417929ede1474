import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { affinityKey } from './affinity.ts'
import type { Flags } from './flags/flags.ts'
import { type RequestPolicy, UNTOUCHED } from './flags/policy.ts'
import { changesNothing, transformBody } from './flags/transform.ts'
import { CLIENT_CLOSED, type Metrics, routeOf } from './metrics.ts'
import { sendError, sendRateLimited } from './openai-error.ts'
import { callWithRetries, type RetriedCall } from './retries.ts'
import { callUpstream, type UpstreamAnswer, type UpstreamCall, type UpstreamOptions } from './upstream.ts'

export interface ProxyOptions extends UpstreamOptions {
  flags: Flags
  metrics: Metrics
}

/** Answers one request from a replica. Resolves when the answer has been sent, or has broken off. Never rejects. */
export const proxy = async (
  options: ProxyOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const { metrics } = options
  const path = request.url ?? '/'
  const route = routeOf(path.replace(/\?.*$/, ''))
  const stopTimer = metrics.requestDuration.startTimer({ route })
  metrics.requestsInFlight.inc()
  const code = await answer(options, request, response, path).catch((error: unknown) => brokenOff(response, error))
  metrics.requestsInFlight.dec()
  stopTimer()
  metrics.requests.inc({ code, route })
}

// --- Internal helpers ---

/** Of one connection only (RFC 9110, 7.6.1), or made anew for the next one. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']
const NOT_FORWARDED = new Set([...HOP_BY_HOP, 'host', 'content-length', 'expect'])
const NOT_RETURNED = new Set(HOP_BY_HOP)

const without = (headers: IncomingHttpHeaders, names: Set<string>): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name)))

/** Room for a prompt of the longest context windows, and for images. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** The whole body; null where it is too large, with the rest unread. */
const readBody = async (request: IncomingMessage): Promise<Buffer | null> => {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    parts.push(part)
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) return null
  }
  return Buffer.concat(parts)
}

/** The status code that the request counts as. */
const answer = async (
  options: ProxyOptions,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<number> => {
  const client = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) client.abort()
  })
  const requestId = String(request.headers['x-request-id'] ?? randomUUID())
  const sent = await readBody(request)
  if (sent === null) {
    sendError(response, 413, `The request is larger than ${MAX_BODY_BYTES} bytes.`)
    return 413
  }
  const policy = sent.length === 0 ? UNTOUCHED : await options.flags.evaluate(requestId)
  response.setHeader('x-request-id', requestId)
  if (policy.retryAfterSeconds > 0) {
    sendRateLimited(response, policy.retryAfterSeconds)
    return 429
  }
  const body = changedBody(policy, sent)
  const headers = {
    ...without(request.headers, NOT_FORWARDED),
    'x-request-id': requestId,
    'content-length': String(body.length),
  }
  const affinity = affinityKey(policy.affinity, request, sent)
  const call = { method: request.method ?? 'GET', path, headers, body, affinity }
  const { outcome, settle } = await callOnceOrMore(options, call, policy, client.signal)
  response.once('close', settle)
  if (client.signal.aborted) return CLIENT_CLOSED
  if (outcome.kind === 'answer') return relay(options.metrics, outcome, response)
  if (outcome.kind === 'none') sendError(response, 503, 'No serving replica is ready.')
  else sendError(response, 502, `No replica could be reached: ${outcome.error}.`)
  return response.statusCode
}

const changedBody = ({ change }: RequestPolicy, body: Buffer): Buffer =>
  changesNothing(change) ? body : transformBody(body, change, { nonce: randomUUID(), now: Date.now() })

const callOnceOrMore = async (
  options: ProxyOptions,
  call: UpstreamCall,
  { retry }: RequestPolicy,
  signal: AbortSignal,
): Promise<RetriedCall> =>
  retry.retries === 0
    ? { outcome: await callUpstream(options, call, signal), settle: () => undefined }
    : callWithRetries(options, call, retry, signal)

/** Passes the answer on as it comes. A thousand of these run at once: nothing here may touch a chunk. */
const relay = (metrics: Metrics, { replica, message }: UpstreamAnswer, response: ServerResponse): Promise<number> =>
  new Promise((resolve) => {
    const code = message.statusCode ?? 502
    response.writeHead(code, { ...without(message.headers, NOT_RETURNED), 'x-upstream': replica.name })
    response.flushHeaders()
    let truncated = false
    message.once('error', () => {
      if (response.destroyed) return
      truncated = true
      metrics.upstreamFailures.inc({ pod: replica.name, reason: 'truncated' })
      // The only way to say so after the head: the client sees an answer without its end.
      response.destroy()
    })
    response.once('close', () => {
      if (truncated) resolve(502)
      else resolve(response.writableFinished ? code : CLIENT_CLOSED)
    })
    message.pipe(response)
  })

/** The client left while it was still sending, or a bug: either way nobody gets an answer. */
const brokenOff = (response: ServerResponse, error: unknown): number => {
  const left = response.destroyed || (error instanceof Error && 'code' in error && error.code === 'ECONNRESET')
  if (left) return CLIENT_CLOSED
  sendError(response, 500, 'The gateway failed on this request.')
  return 500
}
