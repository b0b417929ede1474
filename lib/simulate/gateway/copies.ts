import type { Replica, ReplicaPool } from '../../../stack/apps/gateway/replicas.ts'
import type { EngineRequest, Tokens } from '../../vllm/engine/types.ts'
import type { Clockwork } from '../clockwork.ts'
import type { EngineDriver, Listener } from '../serving/engine-driver.ts'
import type { GatewayMetrics } from './metrics.ts'

export interface CopyOptions {
  clock: Clockwork
  pool: ReplicaPool
  metrics: GatewayMetrics
  servingOf(uid: string): { driver: EngineDriver } | null
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
  const { pool, metrics, servingOf } = options
  const first = pool.pick(null, request.affinity)
  // Once more, another one, where nobody listens.
  for (const replica of first === null ? [] : [first, pool.pick(first, request.affinity)]) {
    if (replica === null) return null
    const serving = servingOf(replica.uid)
    if (serving !== null) return new Copy(options, request, replica, serving.driver)
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
    { clock, metrics, nextSeed, headSeconds }: CopyOptions,
    { prompt, maxTokens }: CopiedRequest,
    replica: Replica,
    driver: EngineDriver,
  ) {
    this.replica = replica
    this.driver = driver
    replica.inFlight++
    metrics.upstream(replica.name, OK, headSeconds)
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
