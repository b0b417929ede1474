import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { errorMessage } from '../../../lib/core/errors.ts'
import type { KubeConnection } from '../../../lib/kube/connection.ts'
import type { GatewayConfig } from './config.ts'
import { discover } from './discovery.ts'
import { openFlags } from './flags/flags.ts'
import type { Log } from './log.ts'
import { createMetrics } from './metrics.ts'
import { sendError } from './openai-error.ts'
import { proxy, type ProxyOptions } from './proxy.ts'
import { replicaPool } from './replicas.ts'

/** Dead pods' series are kept for a while: a rate over them needs their last samples. */
const FORGET_POD_MS = 5 * 60_000

/** Idle connections go before vLLM's server (uvicorn) closes them after 5 s: a request must not meet a closing one. */
const IDLE_MS = 4_000

export interface Gateway {
  /** The port it listens on. */
  port: number
  /** Takes no more connections and waits for the answers under way, at most `drainMs`. */
  close(drainMs: number): Promise<void>
}

/** Starts the application in front of vLLM: balances, streams through, and does what the feature flags say. */
export const startGateway = async (config: GatewayConfig, kube: KubeConnection, log: Log): Promise<Gateway> => {
  const stop = new AbortController()
  const { signal } = stop
  const pool = replicaPool()
  const metrics = createMetrics(pool)
  const flags = await openFlags({ path: config.flagsFile, metrics, log, signal })
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 4_096, timeout: IDLE_MS })
  let synced = false
  const onGone = (name: string): void => {
    setTimeout(() => void metrics.forgetPod(name), FORGET_POD_MS).unref()
  }
  const onSync = (): void => {
    synced = true
  }
  const { namespace, selector, servingPort: port } = config
  void discover({ kube, namespace, selector, pool, log, onSync, onGone, signal })

  const options: ProxyOptions = { pool, metrics, agent, port, flags }
  const server = createServer({ noDelay: true, requestTimeout: 0, keepAliveTimeout: 75_000 }, (request, response) => {
    const path = request.url ?? '/'
    if (path.startsWith('/v1/') || path === '/tokenize') void proxy(options, request, response)
    else if (path === '/healthz') reply(response, 200, 'ok')
    else if (path === '/readyz') reply(response, synced ? 200 : 503, synced ? 'ok' : 'the pods are not known yet')
    else if (path === '/metrics') void exposeMetrics(metrics.registry, response)
    else notFound(request, response)
  })
  server.listen({ host: config.host, port: config.port, backlog: 4_096 })
  await once(server, 'listening')
  log('info', 'listening', { host: config.host, port: portOf(server), namespace, selector })

  const close = async (drainMs: number): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    server.closeIdleConnections()
    const timer = setTimeout(() => server.closeAllConnections(), drainMs)
    await closed
    clearTimeout(timer)
    stop.abort()
    agent.destroy()
  }
  return { port: portOf(server), close }
}

// --- Internal helpers ---

const portOf = (server: Server): number => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

const reply = (response: ServerResponse, code: number, text: string): void => {
  response.writeHead(code, { 'content-type': 'text/plain' }).end(text)
}

const notFound = (request: IncomingMessage, response: ServerResponse): void => {
  request.resume()
  sendError(response, 404, `There is nothing at ${request.url}: expected a path under /v1/, or /tokenize.`)
}

const exposeMetrics = async (
  registry: { contentType: string; metrics(): Promise<string> },
  response: ServerResponse,
): Promise<void> => {
  try {
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType }).end(text)
  } catch (error) {
    reply(response, 500, errorMessage(error))
  }
}
