import { isMoreImportant, targetTokensOf } from '../core.ts'
import type { EngineRequest, FinishReason, RequestInit, RequestStatus, Tokens } from '../types.ts'
import type { PlainHolder } from './plain-cache.ts'

/** A request with every field written down. */
export class PlainRequest implements EngineRequest, PlainHolder {
  readonly id: string
  readonly prompt: Tokens
  readonly outputSeed: number
  readonly maxTokens: number
  readonly targetTokens: number
  readonly naturalLength: number
  readonly priority: number
  readonly arrivedAt: number
  status: RequestStatus = 'waiting'
  finishReason: FinishReason | null = null
  computedTokens = 0
  outputTokens = 0
  cachedTokens = -1
  preemptions = 0
  untoldPreemptions = 0
  blocks: number[] = []
  registeredBlocks = 0
  queuedAt = Number.NaN
  number = 0
  scheduledAt = Number.NaN
  firstTokenAt = Number.NaN
  previousTokenAt = Number.NaN
  lastTokenAt = Number.NaN

  constructor(init: RequestInit, maxModelLen: number) {
    this.id = init.id
    this.prompt = init.prompt
    this.outputSeed = init.outputSeed
    this.maxTokens = init.maxTokens
    this.targetTokens = targetTokensOf(init, maxModelLen)
    this.naturalLength = init.naturalLength
    this.priority = init.priority ?? 0
    this.arrivedAt = init.arrivedAt
  }

  get heldBlocks(): number {
    return this.blocks.length
  }

  get totalTokens(): number {
    return this.prompt.length + this.outputTokens
  }
}

/** Before the first that is less important. */
export const insertByPriority = (queue: PlainRequest[], request: PlainRequest): void => {
  const index = queue.findIndex((other) => isMoreImportant(request, other))
  queue.splice(index === -1 ? queue.length : index, 0, request)
}

/** Python's `max(running, key=(priority, arrival_time))`: the first of the least important. */
export const leastImportant = (running: readonly PlainRequest[]): PlainRequest | undefined => {
  let [least] = running
  for (const request of running) {
    if (least === undefined) break
    const { priority, arrivedAt } = request
    if (priority > least.priority || (priority === least.priority && arrivedAt > least.arrivedAt)) least = request
  }
  return least
}
