import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError } from '../openai/error.ts'
import { bodyError } from '../openai/pydantic.ts'
import { pythonJsonError } from './python-json.ts'

// By setHeader, so that the length can be read back when it is measured.
export const json = (response: ServerResponse, status: number, body: string): void => {
  response.statusCode = status
  response.setHeader('content-type', 'application/json').setHeader('content-length', Buffer.byteLength(body)).end(body)
}

export const empty = (response: ServerResponse, status: number): void => {
  response.statusCode = status
  response.setHeader('content-length', 0).end()
}

/** An error of the framework itself: no such route, no such method. */
export const detail = (response: ServerResponse, status: number, text: string): void =>
  json(response, status, JSON.stringify({ detail: text }))

export const fail = (response: ServerResponse, error: ApiError): void => {
  if (response.headersSent) response.destroy()
  else json(response, error.status, error.body)
}

/** The body as JSON, or the 400 that FastAPI gives. */
export const readJson = async (request: IncomingMessage): Promise<unknown> => {
  if (!/^application\/([\w.-]+\+)?json\b/i.test(request.headers['content-type'] ?? '')) {
    const text = "1 validation error:\n  Unsupported Media Type: Only 'application/json' is allowed"
    request.resume()
    throw new ApiError(400, 'Bad Request', text)
  }
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue
    parts.push(part)
    bytes += part.length
    if (bytes > MOST_BYTES) throw new ApiError(413, 'Payload Too Large', 'request body too large')
  }
  const text = Buffer.concat(parts).toString('utf8')
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    const { position, message } = pythonJsonError(text)
    throw bodyError('json_invalid', `body.${position}`, 'JSON decode error', {}, message)
  }
}

// --- Internal helpers ---

/** vLLM gives the rest of its address space to the request; a body of more than this is nobody's prompt. */
const MOST_BYTES = 64 * 2 ** 20
