import { z } from 'zod'
import { errorMessage, EXIT, type ExitCode, UserError } from '../core/errors.ts'
import type { Endpoint } from '../core/target.ts'
import { Envelope } from './api.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface ClientOptions {
  endpoint: Endpoint
  /** For endpoints that need certificates of their own, such as the API server's proxy. */
  fetch?: Fetch | undefined
  /** Milliseconds that one request may take. */
  timeoutMs?: number | undefined
  /** Of `prometheus-unreachable`: a run that lost Prometheus is unknown (the default), a wrong address before it is bad usage. */
  exitCode?: ExitCode | undefined
}

type Params = Record<string, string | undefined>

export interface Requester {
  /** A form POST where the path allows it: an expression may be longer than a URL may be. */
  get<T>(path: string, schema: z.ZodType<T>, params?: Params): Promise<T>
  post<T>(path: string, schema: z.ZodType<T>, params: Params): Promise<T>
  /** The status and body of any path, whatever it is. */
  raw(path: string): Promise<{ status: number; body: string }>
}

/**
 * Requests to Prometheus' API. Throws UserError `prometheus-unreachable` where nobody (or somebody else) answers, and
 * `prometheus-refused` with Prometheus' own words where it will not.
 */
export const makeRequester = ({ endpoint, fetch = globalThis.fetch, timeoutMs = 30_000, exitCode }: ClientOptions) => {
  const base = endpoint.url.replace(/\/+$/, '')
  const { headers } = endpoint

  const unreachable = (found: string, cause?: unknown): UserError =>
    new UserError({
      code: 'prometheus-unreachable',
      message: `expected Prometheus at ${base}, found: ${found}`,
      hint: 'check that it runs, and its address (--prometheus URL or svc/NAMESPACE/NAME:PORT)',
      exitCode: exitCode ?? EXIT.unknown,
      cause,
    })

  const send = async (path: string, init: RequestInit): Promise<{ status: number; body: string }> => {
    try {
      const response = await fetch(`${base}${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) })
      return { status: response.status, body: await response.text() }
    } catch (error) {
      throw unreachable(reason(error), error)
    }
  }

  const unwrap = <T>(schema: z.ZodType<T>, path: string, { status, body }: { status: number; body: string }): T => {
    const envelope = Envelope.safeParse(fromJson(body))
    if (!envelope.success) throw unreachable(`HTTP ${status} at ${path}: ${body.slice(0, 200) || 'an empty answer'}`)
    if (envelope.data.status === 'error') throw refused(path, envelope.data.error, exitCode)
    const data = schema.safeParse(envelope.data.data)
    if (!data.success) throw unreachable(`an answer at ${path} that is not Prometheus': ${z.prettifyError(data.error)}`)
    return data.data
  }

  const requester: Requester = {
    raw: (path) => send(path, { headers }),
    get: async (path, schema, params = {}) => {
      const search = form(params).toString()
      return unwrap(schema, path, await send(search === '' ? path : `${path}?${search}`, { headers }))
    },
    post: async (path, schema, params) =>
      unwrap(schema, path, await send(path, { method: 'POST', headers, body: form(params) })),
  }
  return requester
}

// --- Internal helpers ---

const form = (params: Params): URLSearchParams => {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) if (value !== undefined) search.append(name, value)
  return search
}

const fromJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** fetch says "fetch failed" and keeps what happened in the cause. */
const reason = (error: unknown): string => {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${errorMessage(error.cause)}` : ''
  return `${errorMessage(error)}${cause}`
}

const refused = (path: string, words: string, exitCode: ExitCode = EXIT.unknown): UserError =>
  new UserError({
    code: 'prometheus-refused',
    message: `expected Prometheus to answer ${path}, found: ${words}`,
    hint: 'mend the expression, or the limits that Prometheus runs with',
    exitCode,
  })
