import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AccessOptions, pathOf, watchRequest } from './http/access.ts'
import { detail, fail } from './http/answer.ts'
import type { Routes } from './http/route.ts'
import { ApiError } from './openai/error.ts'

/** vLLM's OpenAI-compatible server over these routes; not listening yet. */
export const createVllmServer = (routes: Routes, options: AccessOptions): Server => {
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
  options: AccessOptions,
): Promise<void> => {
  response.setHeader('server', 'uvicorn').setHeader('vary', 'Origin')
  const path = pathOf(request)
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
