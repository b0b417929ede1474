import { seededRandom } from '../../lib/core/random.ts'
import type { RequestRow } from '../../lib/core/run-folder.ts'

export interface RequestsSpec {
  users: number
  /** Milliseconds since the epoch: the ramp starts; the load ends. */
  from: number
  rampMs: number
  to: number
  seed: number
  /** How much slower the target is at a time than when all is well. */
  slowness?: (at: number) => number
  failing?: (at: number) => boolean
}

/** Closed-loop users: think, ask, read, over and over, from when the ramp reaches them until the load ends. */
export const buildRequests = (spec: RequestsSpec): RequestRow[] => {
  const { users, from, rampMs, to, seed, slowness = () => 1, failing = () => false } = spec
  const random = seededRandom(seed)
  const records: RequestRow[] = []
  for (let vu = 1; vu <= users; vu++) {
    let now = from + (rampMs * (vu - 1)) / users + 1
    for (let iteration = 0; now < to; iteration++) {
      const failed = failing(now)
      const outputTokens = failed ? 0 : 40 + random.int(80)
      const ttft = (80 + 120 * random.next()) * slowness(now)
      const tpot = 18 + 8 * random.next() + 4 * Math.sqrt(slowness(now))
      const e2e = failed ? 15 : ttft + tpot * (outputTokens - 1)
      const ended = Math.min(now + e2e, to)
      records.push({
        id: `${vu}-${iteration}`,
        vu,
        iteration,
        arrival: null,
        intended: null,
        started: now,
        connected: now + 0.2,
        reused: iteration > 0,
        written: now + 0.3,
        ended,
        firstEvent: failed ? null : ttft - 2,
        firstChoice: failed ? null : ttft - 2,
        ttft: failed ? null : ttft,
        firstAnswer: failed ? null : ttft,
        tpot: failed ? null : tpot,
        e2e: ended - now,
        gapMax: failed ? null : tpot * 2,
        gapP99: failed ? null : tpot * 1.6,
        chunks: outputTokens,
        coalesced: 0,
        promptTokens: failed ? null : 400 + random.int(200),
        cachedTokens: failed ? null : 384,
        outputTokens,
        tokensFrom: 'usage',
        finishReason: failed ? null : 'length',
        status: failed ? 502 : 200,
        outcome: failed ? 'http_5xx' : 'ok',
        error: failed ? 'upstream connection reset' : null,
        replica: failed ? null : `vllm-${random.int(3)}`,
        traffic: null,
        extra: false,
      })
      now = ended + 1_500 + 1_500 * random.next()
    }
  }
  return records.sort((a, b) => a.started - b.started)
}
