import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { Notification } from '../../../lib/core/run-folder.ts'
import { toNotification, WebhookBody } from './notification.ts'

export interface ReceiverOptions {
  host: string
  port: number
  now?: () => number
  /** The newest so many calls are kept. */
  limit?: number
}

export interface Receiver {
  port: number
  close(): Promise<void>
}

/**
 * Keeps what Alertmanager says: POST /webhook stores a call with the time it came; GET /notifications?since=MS gives
 * those received at or after that time (milliseconds since the epoch), a JSON line each, oldest first.
 */
export const startReceiver = async ({
  host,
  port,
  now = Date.now,
  limit = 10_000,
}: ReceiverOptions): Promise<Receiver> => {
  const kept: Notification[] = []
  const keep = (notification: Notification): void => {
    kept.push(notification)
    if (kept.length > limit) kept.shift()
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://receiver')
    const route = `${request.method} ${url.pathname}`
    if (route === 'POST /webhook') void receive(request, response, now(), keep)
    else if (route === 'GET /notifications') list(response, kept, url.searchParams.get('since'))
    else if (route === 'GET /healthz') reply(response, 200, 'ok\n')
    else reply(response, 404, 'expected POST /webhook or GET /notifications?since=MS\n')
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const close = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return { port: address.port, close }
}

// --- Internal helpers ---

const receive = async (
  request: IncomingMessage,
  response: ServerResponse,
  receivedAt: number,
  keep: (notification: Notification) => void,
): Promise<void> => {
  try {
    const body = WebhookBody.safeParse(JSON.parse(await text(request)))
    if (!body.success) return reply(response, 400, `not an Alertmanager webhook:\n${z.prettifyError(body.error)}\n`)
    keep(toNotification(body.data, receivedAt))
    reply(response, 200, 'ok\n')
  } catch {
    if (!response.destroyed) reply(response, 400, 'expected a JSON body\n')
  }
}

const list = (response: ServerResponse, kept: readonly Notification[], sinceText: string | null): void => {
  const since = Number(sinceText ?? 0)
  if (Number.isNaN(since)) return reply(response, 400, `expected since=MILLISECONDS, found "${sinceText}"\n`)
  const lines = kept.filter(({ receivedAt }) => receivedAt >= since).map((line) => `${JSON.stringify(line)}\n`)
  response.writeHead(200, { 'content-type': 'application/jsonl' }).end(lines.join(''))
}

const reply = (response: ServerResponse, code: number, body: string): void => {
  response.writeHead(code, { 'content-type': 'text/plain' }).end(body)
}
