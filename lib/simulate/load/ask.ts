import type { Sizes } from '../../k6/turn.ts'
import type { Tokens } from '../../vllm/engine/types.ts'
import type { Served } from '../gateway/gateway.ts'

/** What is asked. */
export interface Ask {
  iteration: number
  arrival: { index: number; at: number } | null
  prompt: Tokens
  maxTokens: number
  cancel: Sizes['cancel']
  /** Steps of the timeline that made it what it is, and whether one of them asked for it at all. */
  traffic: string | null
  extra: boolean
}

export interface Asker {
  readonly vu: number
  /** Over at a time that is now or in a moment; with the answer where it came whole, else null: the chat is over then. */
  done(served: Served | null, at: number): void
}

/** A request that was sent, as its client knows it; `started` is in milliseconds since the epoch. */
export interface Asked {
  readonly by: Pick<Asker, 'vu'>
  readonly ask: Ask
  readonly started: number
}
