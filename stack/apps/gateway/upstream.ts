import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { Metrics } from './metrics.ts'
import type { Replica, ReplicaPool } from './replicas.ts'
import type { Links } from './upstream-faults/links.ts'

export interface UpstreamCall {
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** Held whole, so that a retry can send it again. */
  body: Buffer
  /** Calls with the same one go to the same replica; null goes to the least loaded. */
  affinity: string | null
}

export interface UpstreamOptions {
  pool: ReplicaPool
  metrics: Metrics
  links: Links
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
 * Sends the call to the replica that the pool picks, and once more to another where the connection broke before the
 * response head. The replica counts the call from here until the answer's body has ended or the signal aborts.
 */
export const callUpstream = async (
  options: UpstreamOptions,
  call: UpstreamCall,
  signal: AbortSignal,
): Promise<UpstreamOutcome> => {
  const first = options.pool.pick(null, call.affinity)
  if (first === null) return { kind: 'none' }
  const outcome = await attempt(options, call, first, signal)
  if (outcome.kind === 'answer' || signal.aborted) return outcome
  const second = options.pool.pick(first, call.affinity)
  return second === null ? outcome : attempt(options, call, second, signal)
}

// --- Internal helpers ---

const attempt = (
  { pool, metrics, links, port }: UpstreamOptions,
  { method, path, headers, body }: UpstreamCall,
  replica: Replica,
  signal: AbortSignal,
): Promise<UpstreamOutcome> =>
  new Promise((resolve) => {
    let answered = false
    const waiting = { since: performance.now() }
    const agent = links.agentOf(replica.uid)
    const call = request({ host: replica.host, port, method, path, headers, agent, signal })
    replica.inFlight += 1
    replica.unanswered.add(waiting)
    call.once('close', () => {
      replica.inFlight -= 1
      replica.unanswered.delete(waiting)
    })
    call.once('response', (message) => {
      answered = true
      replica.unanswered.delete(waiting)
      metrics.upstreamHead.observe({ pod: replica.name }, (performance.now() - waiting.since) / 1_000)
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
