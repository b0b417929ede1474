import type { Sizes } from '../../k6/turn.ts'
import type { EngineRequest, Tokens } from '../../vllm/engine/types.ts'
import type { OpenCall } from '../gateway/gateway.ts'

/** Who asks, and what. One request at a time: it stays as it is until it is `done`. */
export interface Asker {
  readonly vu: number
  readonly iteration: number
  readonly arrival: { index: number; at: number } | null
  readonly prompt: Tokens
  readonly maxTokens: number
  readonly cancel: Sizes['cancel']
  /** Steps of the timeline that made it what it is, and whether one of them asked for it at all. */
  readonly traffic: string | null
  readonly extra: boolean
  /** Over at a time that is now or in a moment; with the request where its answer came whole, else null: the chat is over then. */
  done(request: EngineRequest | null, at: number): void
}

/** A request that was sent, as its client knows it; `started` is in milliseconds since the epoch. */
export interface Asked {
  readonly by: Asker
  readonly call: OpenCall
  readonly started: number
}
