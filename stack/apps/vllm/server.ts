import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AccessOptions, logOnClose, pathOf, watchRequest } from './http/access.ts'
import { detail, fail, json } from './http/answer.ts'
import { mayEnter } from './http/authenticate.ts'
import type { Routes } from './http/route.ts'
import { ApiError } from './openai/error.ts'

export interface ServerOptions extends AccessOptions {
  /** Any of them opens the guarded paths; where there is none, they are open. */
  apiKeys: readonly string[]
}

/** vLLM's OpenAI-compatible server over these routes; not listening yet. */
export const createVllmServer = (routes: Routes, options: ServerOptions): Server => {
  const server = createServer((request, response) => {
    answer(request, response, routes, options).catch((error: unknown) => {
      fail(response, error instanceof ApiError ? error : new ApiError(500, 'InternalServerError', String(error)))
    })
  })
  // uvicorn's default.
  server.keepAliveTimeout = 5_000
  return server
}

// --- Internal helpers ---

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  options: ServerOptions,
): Promise<void> => {
  response.setHeader('server', 'uvicorn')
  const path = pathOf(request)
  if (!mayEnter(request, path, options.apiKeys)) {
    logOnClose(request, response, options)
    return json(response, 401, JSON.stringify({ error: 'Unauthorized' }))
  }
  response.setHeader('vary', 'Origin')
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined
  watchRequest(request, response, { path, routed: route !== undefined }, options)
  if (route === undefined) return detail(response, 404, 'Not Found')
  const handle = route[request.method ?? 'GET']
  if (handle === undefined) {
    response.setHeader('allow', Object.keys(route).join(', '))
    return detail(response, 405, 'Method Not Allowed')
  }
  const query = new URLSearchParams((request.url ?? '').slice(path.length + 1))
  await handle({ request, response, query })
}
