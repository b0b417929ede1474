import { type RequestPolicy, UNTOUCHED } from '../../../stack/apps/gateway/flags/policy.ts'
import { type Replica, type ReplicaPool, replicaPool } from '../../../stack/apps/gateway/replicas.ts'
import type { EngineRequest, RequestInit, Tokens } from '../../vllm/engine/types.ts'
import type { Random } from '../../core/random.ts'
import type { Clockwork, Timed } from '../clockwork.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { PromptMaker } from '../load/prompt.ts'
import type { Breakage, EngineDriver, Listener } from '../serving/engine-driver.ts'
import { type CopyOptions, sendCopy, type Upstream } from './copies.ts'
import { createFlags, type SimulatedFlags } from './flags.ts'
import { type Answers, createGatewayMetrics, type GatewayMetrics } from './metrics.ts'

/** What a client sends, and how it is told. */
export interface Call {
  readonly prompt: Tokens
  readonly maxTokens: number
  /** The user leaves after so many tokens. */
  readonly leaveAfter: number | null
  /** When it is sent, in milliseconds since the epoch. */
  readonly started: number
  /** How, and with which status; and when that reaches the client: a moment from now. */
  ended(how: CallEnd, status: number, reason: string | null, at: number): void
  /** The token that the client wanted to leave after is there. */
  left(): void
}

/** Whole; a stream that the server ended with an error, or that broke off; or a status without a stream. */
export type CallEnd = 'whole' | 'error-event' | 'truncated' | 'refused'

/** How far it is. */
export interface OpenCall {
  /** All three are null while no replica has taken it. */
  readonly request: EngineRequest | null
  readonly driver: EngineDriver | null
  readonly pod: string | null
  /** The client goes away. */
  leave(): void
}

export interface Gateway {
  /** Sends calls of this path. */
  route(path: string): (call: Call) => OpenCall
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
  const pool = replicaPool(() => random.next(), clock.now)
  const metrics = createGatewayMetrics(pool)
  const flags = createFlags(metrics)
  const upstreams = new Map<string, Upstream>()
  followPods({ clock, cluster, pool, metrics, upstreams })
  let count = 0
  const nextSeed = (): number => count++
  const headSeconds = WAY_MS / SECOND
  const all = { clock, pool, metrics, flags, prompts, maxModelLen, upstreams, nextSeed, headSeconds }
  return {
    route: (path) => {
      const shared: Shared = { ...all, answers: metrics.requests(path) }
      return (call) => {
        const exchange = new Exchange(shared, call, nextSeed())
        clock.tell(clock.now() + WAY_MS, exchange)
        return exchange
      }
    },
    setFlags: flags.load,
    metrics,
  }
}

// --- Internal helpers ---

const OK = 200
const BAD_REQUEST = 400
const TOO_MANY = 429
const BAD_GATEWAY = 502
const NO_REPLICA = 503

interface Shared extends CopyOptions {
  answers: Answers
  flags: SimulatedFlags
  prompts: Pick<PromptMaker, 'changed'>
  maxModelLen: number
}

/** One for all: hardly any request is sent again. */
const NO_COPIES: readonly { leave(): void }[] = []

/**
 * One request on its way, and what the engine is told of it. A class, and one object for all that lives as long: there are a hundred
 * thousand of them, and closures and objects for each would be most of the garbage.
 */
class Exchange implements OpenCall, RequestInit, Listener, Timed {
  readonly outputSeed: number
  prompt: Tokens
  maxTokens: number
  arrivedAt: number
  request: EngineRequest | null = null
  driver: EngineDriver | null = null
  private readonly shared: Shared
  private readonly call: Call
  private held: Replica | null = null
  private policy: RequestPolicy = UNTOUCHED
  private retries = 0
  private copies = NO_COPIES
  private hasArrived = false
  private isOver = false

  constructor(shared: Shared, call: Call, outputSeed: number) {
    this.outputSeed = outputSeed
    this.prompt = call.prompt
    this.maxTokens = call.maxTokens
    this.arrivedAt = call.started
    this.shared = shared
    this.call = call
  }

  get id(): string {
    return ''
  }

  get naturalLength(): number {
    return Infinity
  }

  get pod(): string | null {
    return this.held?.name ?? null
  }

  /** The request is at the gateway. */
  due(): void {
    if (this.isOver) return
    const { clock, metrics, flags, prompts } = this.shared
    this.hasArrived = true
    metrics.inFlight(1)
    this.policy = flags.evaluate(this.outputSeed, clock.now())
    const { change, retry, retryAfterSeconds } = this.policy
    if (retryAfterSeconds > 0) return this.end(TOO_MANY, 'refused', 'the quota is used up')
    this.prompt = prompts.changed(this.prompt, change, this.outputSeed)
    if (change.maxTokens !== 0) this.maxTokens = change.maxTokens
    this.attempt(null)
    if (retry.retries > 0) clock.after(retry.timeoutMs, () => this.copy())
  }

  leave(): void {
    if (this.isOver) return
    this.close(CLIENT_CLOSED)
    if (this.request !== null) this.driver?.abort(this.request)
    for (const copy of this.copies) copy.leave()
  }

  finished(): void {
    this.end(OK, 'whole', null)
  }

  broken(how: Breakage): void {
    if (how === 'error') return this.end(OK, 'error-event', 'the engine died')
    if (!this.isOver) this.shared.metrics.failure(this.pod ?? '', 'truncated')
    this.end(BAD_GATEWAY, 'truncated', 'unexpected EOF')
  }

  /** Chooses a replica; once more, another one than `except`, where nobody listened. */
  private attempt(except: Replica | null): void {
    if (this.isOver) return
    const { clock, pool, metrics, maxModelLen, upstreams, headSeconds } = this.shared
    const replica = pool.pick(except, this.affinity())
    if (replica === null) return this.end(NO_REPLICA, 'refused', 'no replica is ready')
    const upstream = upstreams.get(replica.uid)
    const driver = upstream?.driver() ?? null
    if (upstream === undefined || driver === null) {
      metrics.failure(replica.name, 'connect')
      pool.suspect(replica)
      if (except !== null && !this.mayRetry('failed'))
        return this.end(BAD_GATEWAY, 'refused', 'no replica could be reached')
      return this.attemptAgain(except === null ? replica : null)
    }
    if (this.prompt.length + this.maxTokens > maxModelLen) {
      upstream.heads.count(BAD_REQUEST, headSeconds)
      return this.end(BAD_REQUEST, 'refused', 'the prompt is longer than the context')
    }
    this.held = replica
    replica.inFlight++
    upstream.heads.count(OK, headSeconds)
    this.arrivedAt = clock.now()
    this.driver = driver
    this.request = driver.submit(this, this)
    const { leaveAfter } = this.call
    if (leaveAfter !== null) this.leaveAt(leaveAfter, driver, this.request)
  }

  private attemptAgain(except: Replica | null): void {
    this.shared.clock.after(WAY_MS, () => this.attempt(except))
  }

  /** The user goes away when so many tokens have come. */
  private leaveAt(tokens: number, driver: EngineDriver, request: EngineRequest): void {
    driver.onTokens(request, tokens, () => this.shared.clock.after(WAY_MS, () => this.call.left()))
  }

  /** The answer is not complete, and the application does not wait: stack/apps/gateway/retries.ts. */
  private copy(): void {
    if (this.isOver || !this.mayRetry('slow')) return
    const { prompt, maxTokens } = this
    const copy = sendCopy(this.shared, { affinity: this.affinity(), prompt, maxTokens })
    if (copy !== null) this.copies = [...this.copies, copy]
    this.shared.clock.after(this.policy.retry.timeoutMs, () => this.copy())
  }

  private affinity(): string | null {
    return affinityKey(this.policy.affinity, this.call.prompt)
  }

  private mayRetry(reason: 'slow' | 'failed'): boolean {
    if (this.retries >= this.policy.retry.retries) return false
    this.retries++
    this.shared.metrics.retry(reason)
    return true
  }

  private end(code: number, how: CallEnd, reason: string | null): void {
    if (this.isOver) return
    this.close(code)
    this.call.ended(how, this.request === null ? code : OK, reason, this.shared.clock.now() + WAY_MS)
  }

  private close(code: number): void {
    const { clock, metrics, answers } = this.shared
    this.isOver = true
    if (this.held !== null) this.held.inFlight--
    if (this.hasArrived) metrics.inFlight(-1)
    answers.count(code, (clock.now() - this.call.started) / SECOND)
  }
}

/** About 256 characters, as stack/apps/gateway/affinity.ts cuts prompts. */
const PREFIX_TOKENS = 64

/** All simulated users come from one address, as those of one k6. */
const affinityKey = (affinity: RequestPolicy['affinity'], prompt: Tokens): string | null => {
  if (affinity === 'client') return 'load'
  if (affinity === 'none') return null
  return Array.from({ length: Math.min(PREFIX_TOKENS, prompt.length) }, (_, index) => prompt.at(index)).join(' ')
}

interface Following {
  clock: Clockwork
  cluster: Cluster
  pool: ReplicaPool
  metrics: GatewayMetrics
  upstreams: Map<string, Upstream>
}

/** Keeps the pool equal to the ready pods, as the gateway's watch does. */
const followPods = ({ clock, cluster, pool, metrics, upstreams }: Following): void => {
  cluster.pods.onChange((pod, change) => {
    if (pod.owner.kind !== 'ReplicaSet') return
    const { uid, name } = pod
    const isServing = change !== 'deleted' && pod.ready && !pod.isDeleting && pod.ip !== null
    clock.after(WATCH_MS, () => {
      upstreams.set(uid, {
        driver: () => cluster.processOf(pod)?.serving()?.driver ?? null,
        heads: metrics.upstream(name),
      })
      if (isServing) pool.add({ uid, name, host: pod.ip ?? '' })
      else pool.remove(uid)
      if (change !== 'deleted') return
      pool.forget(uid)
      upstreams.delete(uid)
      clock.after(FORGET_POD_MS, () => metrics.forgetPod(name))
    })
  })
}
