import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Call {
  request: IncomingMessage
  response: ServerResponse
  /** Of the URL. A repeated name has its last value in FastAPI's eyes; `getAll` has all of them. */
  query: URLSearchParams
}

export type Handler = (call: Call) => Promise<void> | void

/** Handlers by method. */
export type Route = Readonly<Partial<Record<string, Handler>>>

/** Routes by path. */
export type Routes = Readonly<Record<string, Route>>
