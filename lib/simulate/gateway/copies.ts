import type { Replica, ReplicaPool } from '../../../stack/apps/gateway/replicas.ts'
import type { EngineRequest, Tokens } from '../../vllm/engine/types.ts'
import type { Clockwork } from '../clockwork.ts'
import type { EngineDriver, Listener } from '../serving/engine-driver.ts'
import type { Answers, GatewayMetrics } from './metrics.ts'

/** What a replica's pod runs, and what is counted of it. */
export interface Upstream {
  /** Null where nobody listens. */
  driver(): EngineDriver | null
  readonly heads: Answers
}

export interface CopyOptions {
  clock: Clockwork
  pool: ReplicaPool
  metrics: GatewayMetrics
  /** By the pod's UID. */
  upstreams: ReadonlyMap<string, Upstream>
  /** Different for each request that an engine is given. */
  nextSeed(): number
  headSeconds: number
}

export interface CopiedRequest {
  affinity: string | null
  prompt: Tokens
  maxTokens: number
}

/** A request that is sent again while the first call is still under way: nobody reads the answer. Null where no replica takes it. */
export const sendCopy = (options: CopyOptions, request: CopiedRequest): { leave(): void } | null => {
  const { pool, metrics, upstreams } = options
  const first = pool.pick(null, request.affinity)
  // Once more, another one, where nobody listens.
  for (const replica of first === null ? [] : [first, pool.pick(first, request.affinity)]) {
    if (replica === null) return null
    const upstream = upstreams.get(replica.uid)
    const driver = upstream?.driver() ?? null
    if (upstream !== undefined && driver !== null) {
      upstream.heads.count(OK, options.headSeconds)
      return new Copy(options, request, replica, driver)
    }
    metrics.failure(replica.name, 'connect')
    pool.suspect(replica)
  }
  return null
}

// --- Internal helpers ---

const OK = 200

class Copy implements Listener {
  private readonly replica: Replica
  private readonly driver: EngineDriver
  private readonly request: EngineRequest
  private isOver = false

  constructor(
    { clock, nextSeed }: CopyOptions,
    { prompt, maxTokens }: CopiedRequest,
    replica: Replica,
    driver: EngineDriver,
  ) {
    this.replica = replica
    this.driver = driver
    replica.inFlight++
    this.request = driver.submit(
      { id: '', prompt, outputSeed: nextSeed(), maxTokens, naturalLength: Infinity, arrivedAt: clock.now() },
      this,
    )
  }

  leave(): void {
    if (this.isOver) return
    this.finished()
    this.driver.abort(this.request)
  }

  finished(): void {
    if (this.isOver) return
    this.isOver = true
    this.replica.inFlight--
  }

  broken(): void {
    this.finished()
  }
}
