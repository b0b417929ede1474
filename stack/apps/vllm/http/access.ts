import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { HttpMetrics } from '../../../../lib/vllm/metrics/http-metrics.ts'

export interface AccessOptions {
  http: HttpMetrics
  /** One line per answered request, as uvicorn writes it: `127.0.0.1:4411 - "GET /v1/models HTTP/1.1" 200 OK`. */
  onAccess(line: string): void
  /** Paths that are not logged (--disable-access-log-for-endpoints). */
  quiet: ReadonlySet<string>
  /** Milliseconds since the epoch. */
  now(): number
}

/** What the instrumentator leaves out. */
const UNMEASURED = new Set(['/metrics', '/health', '/load', '/ping', '/version', '/server_info'])
/** A stream is logged when it begins, everything else when it is answered. */
const STREAM = 'text/event-stream; charset=utf-8'

/** Logs a request when it is answered, unless it became a stream. */
export const logOnClose = (request: IncomingMessage, response: ServerResponse, options: AccessOptions): void => {
  // A socket that is gone has no address any more.
  clients.set(request, `${request.socket.remoteAddress}:${request.socket.remotePort}`)
  response.once('close', () => {
    if (response.headersSent && response.getHeader('content-type') !== STREAM) {
      logAccess(request, response.statusCode, pathOf(request), options)
    }
  })
}

/** Measures and logs a request; the measured duration includes the whole stream. */
export const watchRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  { path, routed }: { path: string; routed: boolean },
  options: AccessOptions,
): void => {
  const { http, now } = options
  const startedAt = now()
  logOnClose(request, response, options)
  response.once('close', () => {
    if (UNMEASURED.has(path)) return
    http.observe({
      handler: routed ? path : 'none',
      method: request.method ?? 'GET',
      // A client that left before the headers is counted as the middleware's initial status.
      status: response.headersSent ? response.statusCode : 500,
      requestBytes: Number(request.headers['content-length'] ?? 0),
      responseBytes: Number(response.getHeader('content-length') ?? 0),
      durationMs: now() - startedAt,
    })
  })
}

export const beginStream = (request: IncomingMessage, response: ServerResponse, options: AccessOptions): void => {
  response.setHeader('content-type', STREAM)
  logAccess(request, 200, pathOf(request), options)
}

export const pathOf = ({ url }: IncomingMessage): string => (url ?? '/').split('?')[0] ?? '/'

// --- Internal helpers ---

/** Where requests came from, by request. */
const clients = new WeakMap<IncomingMessage, string>()

const logAccess = (request: IncomingMessage, status: number, path: string, options: AccessOptions): void => {
  if (options.quiet.has(path)) return
  const { method, url, httpVersion } = request
  options.onAccess(
    `${clients.get(request)} - "${method} ${url} HTTP/${httpVersion}" ${status} ${STATUS_CODES[status] ?? ''}`,
  )
}
