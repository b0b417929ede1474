import { type Replica, type ReplicaPool, replicaPool } from '../../../stack/apps/gateway/replicas.ts'
import type { EngineRequest, Tokens } from '../../vllm/engine/types.ts'
import type { Random } from '../../core/random.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Pod } from '../cluster/pod.ts'
import type { PromptMaker } from '../load/prompt.ts'
import type { EngineDriver } from '../serving/engine-driver.ts'
import { createFlags } from './flags.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'

export interface Call {
  route: string
  prompt: Tokens
  maxTokens: number
  /** The user leaves after so many tokens. */
  leaveAfter: number | null
  on: CallEvents
}

/** What the client gets, and when that reaches it: a moment from now. */
export interface CallEvents {
  ended(end: CallEnd, at: number): void
  /** The token that the client wanted to leave after is there. */
  left(): void
}

export interface CallEnd {
  /** Whole; a stream that the server ended with an error, or that broke off; or a status without a stream. */
  how: 'whole' | 'error-event' | 'truncated' | 'refused'
  status: number
  served: Served | null
  reason: string | null
}

/** Who answers, and how far it is. */
export interface Served {
  pod: string
  request: EngineRequest
  driver: EngineDriver
}

export interface OpenCall {
  /** So far; null while no replica has taken it. */
  served(): Served | null
  /** The client goes away. */
  leave(): void
}

export interface Gateway {
  send(call: Call): OpenCall
  setFlags(document: string): void
  readonly metrics: GatewayMetrics
}

export interface GatewayOptions {
  clock: Clockwork
  cluster: Cluster
  prompts: Pick<PromptMaker, 'changed'>
  random: Random
  maxModelLen: number
}

/** From the client over the gateway to the engine, or back; measured from end to end on the embedded cluster. */
export const WAY_MS = 2
/** From a change of a pod in the API to the gateway's pool. */
const WATCH_MS = 5
/** Dead pods' series are kept for a while (stack/apps/gateway/gateway.ts). */
const FORGET_POD_MS = 5 * 60_000
const CLIENT_CLOSED = 499
const SECOND = 1_000

/** The counterpart of stack/apps/gateway: its own pool and its own rules for retries, on simulated streams. */
export const createGateway = ({ clock, cluster, prompts, random, maxModelLen }: GatewayOptions): Gateway => {
  const pool = replicaPool(random.next, clock.now)
  const metrics = createGatewayMetrics(pool)
  const flags = createFlags(metrics)
  const pods = new Map<string, Pod>()
  followPods({ clock, cluster, pool, metrics, pods })
  let count = 0

  const send = ({ route, prompt, maxTokens, leaveAfter, on }: Call): OpenCall => {
    const startedAt = clock.now()
    const id = count++
    let served: Served | null = null
    let held: Replica | null = null
    let isOver = false

    const close = (code: number): void => {
      isOver = true
      if (held !== null) held.inFlight--
      metrics.inFlight(-1)
      metrics.request(code, route, (clock.now() - startedAt) / SECOND)
    }
    const end = (code: number, how: CallEnd['how'], reason: string | null): void => {
      if (isOver) return
      close(code)
      on.ended({ how, status: served === null ? code : OK, served, reason }, clock.now() + WAY_MS)
    }
    const attempt = (except: Replica | null): void => {
      if (isOver) return
      if (except === null) metrics.inFlight(1)
      const replica = except === null ? pool.pick() : pool.pick(except)
      if (replica === null) return end(NO_REPLICA, 'refused', 'no replica is ready')
      const pod = pods.get(replica.uid)
      const serving = pod === undefined ? null : (cluster.processOf(pod)?.serving() ?? null)
      if (serving === null) {
        metrics.failure(replica.name, 'connect')
        pool.suspect(replica)
        if (except !== null) return end(BAD_GATEWAY, 'refused', 'no replica could be reached')
        clock.after(WAY_MS, () => attempt(replica))
        return
      }
      const change = flags.evaluate(id, clock.now())
      const tokens = prompts.changed(prompt, change, id)
      const limit = change.maxTokens === 0 ? maxTokens : change.maxTokens
      if (tokens.length + limit > maxModelLen) {
        metrics.upstream(replica.name, BAD_REQUEST)
        return end(BAD_REQUEST, 'refused', 'the prompt is longer than the context')
      }
      held = replica
      replica.inFlight++
      metrics.upstream(replica.name, OK)
      const { driver } = serving
      const request = driver.submit(
        { id: String(id), prompt: tokens, outputSeed: id, maxTokens: limit, naturalLength: Infinity },
        {
          finished: () => end(OK, 'whole', null),
          broken: (how) => {
            if (how === 'error') return end(OK, 'error-event', 'the engine died')
            if (!isOver) metrics.failure(replica.name, 'truncated')
            end(BAD_GATEWAY, 'truncated', 'unexpected EOF')
          },
        },
      )
      served = { pod: replica.name, request, driver }
      if (leaveAfter !== null) driver.onTokens(request, leaveAfter, () => clock.after(WAY_MS, on.left))
    }
    clock.after(WAY_MS, () => attempt(null))
    return {
      served: () => served,
      leave: () => {
        if (isOver) return
        const seen = served
        close(CLIENT_CLOSED)
        if (seen !== null) seen.driver.abort(seen.request)
      },
    }
  }
  return { send, setFlags: flags.load, metrics }
}

// --- Internal helpers ---

const OK = 200
const BAD_REQUEST = 400
const BAD_GATEWAY = 502
const NO_REPLICA = 503

interface Following {
  clock: Clockwork
  cluster: Cluster
  pool: ReplicaPool
  metrics: GatewayMetrics
  pods: Map<string, Pod>
}

/** Keeps the pool equal to the ready pods, as the gateway's watch does. */
const followPods = ({ clock, cluster, pool, metrics, pods }: Following): void => {
  cluster.pods.onChange((pod, change) => {
    if (pod.owner.kind !== 'ReplicaSet') return
    const { uid, name } = pod
    const isServing = change !== 'deleted' && pod.ready && !pod.isDeleting && pod.ip !== null
    clock.after(WATCH_MS, () => {
      pods.set(uid, pod)
      if (isServing) pool.add({ uid, name, host: pod.ip ?? '' })
      else pool.remove(uid)
      if (change !== 'deleted') return
      pool.forget(uid)
      pods.delete(uid)
      clock.after(FORGET_POD_MS, () => metrics.forgetPod(name))
    })
  })
}
