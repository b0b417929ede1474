import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { Metrics } from './metrics.ts'
import type { Replica, ReplicaPool } from './replicas.ts'

export interface UpstreamCall {
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** Held whole, so that a retry can send it again. */
  body: Buffer
}

export interface UpstreamOptions {
  pool: ReplicaPool
  metrics: Metrics
  agent: Agent
  /** Of the serving pods. */
  port: number
}

/** The head has come; the body is still to be read. */
export interface UpstreamAnswer {
  replica: Replica
  message: IncomingMessage
}

export type UpstreamOutcome =
  ({ kind: 'answer' } & UpstreamAnswer) | { kind: 'none' } | { kind: 'failed'; error: string }

/**
 * Sends the call to the least loaded replica, and once more to another where the connection broke before the
 * response head. The replica counts the call from here until the answer's body has ended or the signal aborts.
 */
export const callUpstream = async (
  options: UpstreamOptions,
  call: UpstreamCall,
  signal: AbortSignal,
): Promise<UpstreamOutcome> => {
  const first = options.pool.pick()
  if (first === null) return { kind: 'none' }
  const outcome = await attempt(options, call, first, signal)
  if (outcome.kind === 'answer' || signal.aborted) return outcome
  const second = options.pool.pick(first)
  return second === null ? outcome : attempt(options, call, second, signal)
}

// --- Internal helpers ---

const attempt = (
  { pool, metrics, agent, port }: UpstreamOptions,
  { method, path, headers, body }: UpstreamCall,
  replica: Replica,
  signal: AbortSignal,
): Promise<UpstreamOutcome> =>
  new Promise((resolve) => {
    let answered = false
    const call = request({ host: replica.host, port, method, path, headers, agent, signal })
    replica.inFlight += 1
    call.once('close', () => {
      replica.inFlight -= 1
    })
    call.once('response', (message) => {
      answered = true
      metrics.upstreamRequests.inc({ pod: replica.name, code: message.statusCode ?? 0 })
      resolve({ kind: 'answer', replica, message })
    })
    // Stays for the whole call: after the head, the answer's own error tells the rest.
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (!answered && !signal.aborted) {
        const reason = error.syscall === 'connect' ? 'connect' : 'reset'
        metrics.upstreamFailures.inc({ pod: replica.name, reason })
        pool.suspect(replica)
      }
      resolve({ kind: 'failed', error: error.message })
    })
    call.end(body)
  })
