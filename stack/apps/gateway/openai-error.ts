import type { ServerResponse } from 'node:http'

const TYPES: Record<number, string> = {
  404: 'NotFoundError',
  413: 'BadRequestError',
  502: 'BadGatewayError',
  503: 'ServiceUnavailableError',
}

/** As OpenAI's API says that a quota is used up. */
export const sendRateLimited = (response: ServerResponse, retryAfterSeconds: number): void => {
  const message = `Rate limit reached for requests. Please try again in ${retryAfterSeconds}s.`
  const error = { message, type: 'requests', param: null, code: 'rate_limit_exceeded' }
  response.setHeader('retry-after', retryAfterSeconds)
  send(response, 429, JSON.stringify({ error }))
}

/** The shape in which vLLM (and OpenAI) say what is wrong. */
export const sendError = (response: ServerResponse, code: number, message: string): void => {
  send(
    response,
    code,
    JSON.stringify({ error: { message, type: TYPES[code] ?? 'InternalServerError', param: null, code } }),
  )
}

// --- Internal helpers ---

const send = (response: ServerResponse, code: number, body: string): void => {
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
