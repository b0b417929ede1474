import { type Replica, type ReplicaPool, replicaPool } from '../../../stack/apps/gateway/replicas.ts'
import type { EngineRequest } from '../../vllm/engine/types.ts'
import type { Random } from '../../core/random.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Pod } from '../cluster/pod.ts'
import type { Prompt, PromptMaker } from '../load/prompt.ts'
import type { EngineDriver } from '../serving/engine-driver.ts'
import { createFlags } from './flags.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'

export interface Call {
  route: string
  prompt: Prompt
  maxTokens: number
  /** The user leaves after so many tokens. */
  leaveAfter: number | null
  on: CallEvents
}

/** What the client gets, when it gets it. */
export interface CallEvents {
  /** Whole; `request` has the times. */
  ended(served: Served): void
  /** Broke off, or never began: a status code without an answer, or 200 with a part of one. */
  failed(code: 502 | 503, served: Served | null, reason: string): void
  /** The token that the client wanted to leave after. */
  left(): void
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

/** One way between client, gateway and engine; measured from end to end on the embedded cluster. */
export const HOP_MS = 1
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
    const fail = (code: 502 | 503, reason: string): void => {
      const seen = served
      close(code)
      clock.after(HOP_MS, () => on.failed(code, seen, reason))
    }
    const attempt = (except: Replica | undefined): void => {
      if (isOver) return
      const replica = pool.pick(except)
      if (replica === null) return fail(503, 'no replica is ready')
      held = replica
      replica.inFlight++
      const change = flags.evaluate(String(id), clock.now())
      const { tokens } = prompts.changed(prompt, change, id)
      clock.after(HOP_MS, () => {
        if (isOver) return
        const pod = pods.get(replica.uid)
        const process = pod === undefined ? null : cluster.processOf(pod)
        const serving = process?.serving() ?? null
        if (serving === null) {
          metrics.failure(replica.name, 'connect')
          pool.suspect(replica)
          replica.inFlight--
          held = null
          return except === undefined ? attempt(replica) : fail(502, 'No replica could be reached')
        }
        const limit = change.maxTokens === 0 ? maxTokens : change.maxTokens
        if (tokens.length + limit > maxModelLen) {
          metrics.upstream(replica.name, BAD_REQUEST)
          return refuse()
        }
        submit(replica, serving.driver, tokens, limit)
      })
    }
    const refuse = (): void => {
      close(BAD_REQUEST)
      clock.after(HOP_MS, () => on.failed(502, null, 'the prompt is longer than the context'))
    }
    const submit = (replica: Replica, driver: EngineDriver, tokens: Uint32Array, limit: number): void => {
      metrics.upstream(replica.name, OK)
      const request = driver.submit(
        { id: String(id), prompt: tokens, outputSeed: id, maxTokens: limit, naturalLength: Infinity },
        {
          finished: () => {
            if (isOver) return
            const seen = served
            close(OK)
            if (seen !== null) clock.after(HOP_MS, () => on.ended(seen))
          },
          broken: () => {
            if (isOver) return
            metrics.failure(replica.name, 'truncated')
            fail(502, 'unexpected EOF')
          },
        },
      )
      served = { pod: replica.name, request, driver }
      if (leaveAfter !== null) driver.onTokens(request, leaveAfter, () => clock.after(2 * HOP_MS, on.left))
    }
    metrics.inFlight(1)
    clock.after(HOP_MS, () => attempt(undefined))
    return {
      served: () => served,
      leave: () => {
        if (isOver) return
        const seen = served
        close(CLIENT_CLOSED)
        if (seen !== null) clock.after(HOP_MS, () => seen.driver.abort(seen.request))
      },
    }
  }
  return { send, setFlags: flags.load, metrics }
}

// --- Internal helpers ---

const OK = 200
const BAD_REQUEST = 400

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
