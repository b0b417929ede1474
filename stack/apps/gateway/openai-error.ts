import type { ServerResponse } from 'node:http'

const TYPES: Record<number, string> = {
  404: 'NotFoundError',
  413: 'BadRequestError',
  502: 'BadGatewayError',
  503: 'ServiceUnavailableError',
}

/** The shape in which vLLM (and OpenAI) say what is wrong. */
export const sendError = (response: ServerResponse, code: number, message: string): void => {
  const body = JSON.stringify({ error: { message, type: TYPES[code] ?? 'InternalServerError', param: null, code } })
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
