import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
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
import { followUpstreamRules } from './upstream-faults/follow.ts'
import { createLinks } from './upstream-faults/links.ts'

/** Dead pods' series are kept for a while: a rate over them needs their last samples. */
const FORGET_POD_MS = 5 * 60_000

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
  const links = createLinks()
  const metrics = createMetrics(pool, links)
  const flags = await openFlags({ path: config.flagsFile, metrics, log, signal })
  await followUpstreamRules({ path: config.upstreamRulesFile, links, log, signal })
  let synced = false
  const onGone = ({ uid, name }: { uid: string; name: string }): void => {
    links.forget(uid)
    setTimeout(() => void metrics.forgetPod(name), FORGET_POD_MS).unref()
  }
  const onSync = (): void => {
    synced = true
  }
  const { namespace, selector, servingPort: port } = config
  void discover({ kube, namespace, selector, pool, log, onSync, onGone, signal })

  const options: ProxyOptions = { pool, metrics, links, port, flags }
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
    links.close()
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
