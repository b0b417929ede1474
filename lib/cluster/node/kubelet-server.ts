import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { errorMessage } from '../../core/errors.ts'
import type { AgentContext } from './context.ts'
import { findLog } from './log-lookup.ts'
import { parseLogQuery } from './log-query.ts'
import { readLog } from './log-reader.ts'
import type { PodWorker } from './pod-worker.ts'

/** Finds a pod of this agent by its name. */
export type FindPod = (namespace: string, name: string) => PodWorker | null

/** The kubelet's HTTPS endpoint on each node's address: logs for the API server, and for nobody else. */
export const startKubeletServers = async (context: AgentContext, find: FindPod): Promise<() => void> => {
  const { kubelet, nodes } = context.config
  const tls = {
    cert: readFileSync(kubelet.certFile),
    key: readFileSync(kubelet.keyFile),
    ca: readFileSync(kubelet.clientCaFile),
    requestCert: true,
    rejectUnauthorized: true,
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    answer(context, find, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else end(response, 500, errorMessage(error))
    })
  }
  const servers = await Promise.all(
    nodes.map(async ({ address }): Promise<Server> => {
      const server = createServer(tls, onRequest)
      server.listen(kubelet.port, address)
      await once(server, 'listening')
      return server
    }),
  )
  return () => {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  }
}

// --- Internal helpers ---

const end = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(message)
}

/** As an object of the API: kubectl shows its message. */
const notOffered = (response: ServerResponse, what: string): void => {
  const status = {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    code: 501,
    reason: 'NotImplemented',
    message: `the embedded cluster has no ${what}: its containers are processes of this machine`,
  }
  response.writeHead(501, { 'content-type': 'application/json' })
  response.end(JSON.stringify(status))
}

const NOT_OFFERED = new Set(['exec', 'attach', 'portForward', 'run', 'cri'])

const answer = async (
  context: AgentContext,
  find: FindPod,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  // The server speaks TLS only, so its sockets are TLS sockets.
  const peer = (request.socket as TLSSocket).getPeerCertificate()
  if (peer.subject?.CN !== context.config.kubelet.clientName) return end(response, 403, 'Forbidden')

  const url = new URL(request.url ?? '/', 'https://node')
  const [what = '', ...rest] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
  if (what === 'healthz') return end(response, 200, 'ok')
  if (NOT_OFFERED.has(what)) return notOffered(response, what)
  const [namespace = '', pod = '', container = ''] = rest
  if (what !== 'containerLogs' || request.method !== 'GET' || rest.length !== 3) return end(response, 404, 'Not Found')

  const query = parseLogQuery(url.searchParams, context.now())
  const found = findLog(find(namespace, pod), pod, container, query.previous)
  if ('status' in found) return end(response, found.status, found.message)
  const closed = new AbortController()
  response.on('close', () => closed.abort())
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
  response.flushHeaders()
  for await (const text of readLog(found.log, query, closed.signal)) {
    if (!response.write(text)) await once(response, 'drain', { signal: closed.signal }).catch(() => undefined)
    if (closed.signal.aborted) return
  }
  response.end()
}
