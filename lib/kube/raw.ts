import { Agent, request, type RequestOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import { ApiException } from '@kubernetes/client-node'
import type { KubeConnection } from './connection.ts'

export interface RawOptions {
  body?: unknown
  /** For PATCH: which kind of patch the body is. */
  patch?: 'merge' | 'strategic-merge'
}

/** The API as it is on the wire: JSON in and out, times as text. The type is the caller's word for what the path holds. */
export type RawClient = <T = unknown>(method: string, path: string, options?: RawOptions) => Promise<T>

const TIMEOUT_MS = 15_000

/**
 * Requests over connections that stay open. client-node opens a TLS connection for each call, which is the greater
 * part of the cost of a program that writes small objects often. Errors are client-node's own ApiException.
 */
export const rawClient = ({ config }: KubeConnection): RawClient => {
  const server = new URL(config.getCurrentCluster()?.server ?? '')
  let agent: Agent | undefined
  return async <T>(method: string, path: string, options: RawOptions = {}): Promise<T> => {
    const auth: RequestOptions = {}
    await config.applyToHTTPSOptions(auth)
    agent ??= new Agent({
      keepAlive: true,
      ...(auth.ca === undefined ? {} : { ca: auth.ca }),
      ...(auth.cert === undefined ? {} : { cert: auth.cert }),
      ...(auth.key === undefined ? {} : { key: auth.key }),
      ...(auth.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: auth.rejectUnauthorized }),
    })
    const body = options.body === undefined ? '' : JSON.stringify(options.body)
    const target: RequestOptions = {
      agent,
      method,
      hostname: server.hostname,
      port: server.port,
      path,
      timeout: TIMEOUT_MS,
      headers: { ...auth.headers, accept: 'application/json', ...bodyHeaders(body, options) },
    }
    const answer = await send(target, body)
    // The API server's schema is the check: the path says which type comes back.
    if (answer.status < 300) return JSON.parse(answer.text) as T
    const error = new ApiException(answer.status, '', answer.text, {})
    // Its own message repeats the whole body.
    error.message = `${method} ${path}: ${answer.status} ${statusMessage(answer.text)}`
    throw error
  }
}

// --- Internal helpers ---

interface Answer {
  status: number
  text: string
}

const bodyHeaders = (body: string, { patch }: RawOptions): Record<string, string> =>
  body === ''
    ? {}
    : {
        'content-type': patch === undefined ? 'application/json' : `application/${patch}-patch+json`,
        'content-length': String(Buffer.byteLength(body)),
      }

/** A kept connection that the server has just closed is no answer: asked once more, on another. */
const send = (target: RequestOptions, body: string, again = true): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = request(target, (response) => {
      text(response).then((content) => resolve({ status: response.statusCode ?? 0, text: content }), reject)
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)))
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (again && outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) {
        send(target, body, false).then(resolve, reject)
      } else reject(error)
    })
    outgoing.end(body)
  })

const statusMessage = (content: string): string => {
  try {
    const status: unknown = JSON.parse(content)
    if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message)
  } catch {
    // Not a Status object: its text is all there is to tell.
  }
  return content.slice(0, 300)
}
