import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { errorMessage } from '../../core/errors.ts'
import type { NodeSpec } from '../types.ts'
import type { AgentContext } from './context.ts'
import { createExecServer, failure, type FindTarget, refuse } from './exec-server.ts'
import { findLog } from './log-lookup.ts'
import { parseLogQuery } from './log-query.ts'
import { readLog } from './log-reader.ts'
import type { PodWorker } from './pod-worker.ts'

/** Finds a pod of this agent by its name. */
export type FindPod = (namespace: string, name: string) => PodWorker | null

export interface KubeletServers {
  /** The node has lost its power: nothing that is under way on its address is answered any more. */
  cut(node: NodeSpec): void
  close(): void
}

/** The kubelet's HTTPS endpoint on each node's address: logs and commands for the API server, and for nobody else. */
export const startKubeletServers = async (
  context: AgentContext,
  find: FindPod,
  isUp: (node: NodeSpec) => boolean,
): Promise<KubeletServers> => {
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
  const exec = createExecServer(findTarget(context, find), context.log)
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const what = (request.url ?? '').split(/[/?]/).find(Boolean) ?? ''
    if (!isApiServer(context, request)) refuse(socket, 403, 'Forbidden')
    else if (NOT_OFFERED.has(what)) refuse(socket, 501, notOffered(what))
    else exec.onUpgrade(request, socket, head)
  }
  const servers = await Promise.all(
    nodes.map(async (node) => {
      const server = createServer(tls, onRequest)
      server.on('upgrade', onUpgrade)
      const sockets = new Set<Duplex>()
      server.on('connection', (socket) => {
        if (!isUp(node)) return void socket.destroy()
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
      })
      server.listen(kubelet.port, node.address)
      await once(server, 'listening')
      return { node, server, sockets }
    }),
  )
  const cut = (node: NodeSpec): void => {
    // Also those that were upgraded, which the server no longer counts among its own.
    for (const socket of servers.find((one) => one.node === node)?.sockets ?? []) socket.destroy()
  }
  return {
    cut,
    close: () => {
      for (const { node, server } of servers) {
        server.close()
        cut(node)
      }
    },
  }
}

// --- Internal helpers ---

const end = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(message)
}

/** As an object of the API: kubectl shows its message. */
const fail = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(failure(status, message)))
}

const notOffered = (what: string): string =>
  `the embedded cluster has no ${what}: its containers are processes of this machine`

const NOT_OFFERED = new Set(['attach', 'portForward', 'run', 'cri'])

const isApiServer = ({ config }: AgentContext, { socket }: IncomingMessage): boolean =>
  socket instanceof TLSSocket && socket.getPeerCertificate().subject?.CN === config.kubelet.clientName

/** In a container that runs; a kubelet's words where it does not. */
const findTarget =
  ({ kill }: AgentContext, find: FindPod): FindTarget =>
  ({ namespace, pod, container }) => {
    const running = find(namespace, pod)?.running(container)
    if (running === undefined || running === null) {
      return { status: 404, message: `container not found ("${container}") in pod ${namespace}/${pod}` }
    }
    const { instance, target } = running
    return { launch: target.launch, pid: instance.pid, ended: instance.exit, rewrite: target.rewrite, kill }
  }

const answer = async (
  context: AgentContext,
  find: FindPod,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (!isApiServer(context, request)) return end(response, 403, 'Forbidden')

  const url = new URL(request.url ?? '/', 'https://node')
  const [what = '', ...rest] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
  if (what === 'healthz') return end(response, 200, 'ok')
  if (what === 'exec') return fail(response, 400, 'expected an upgrade to WebSocket, found none')
  if (NOT_OFFERED.has(what)) return fail(response, 501, notOffered(what))
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
