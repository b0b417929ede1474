import * as fc from 'fast-check'
import { SharedHead } from '../block-hash.ts'
import type { EngineConfig, PauseMode, RequestInit, Tokens } from '../types.ts'

/** What happens to an engine before and during one step. */
export interface Happening {
  arrive: Omit<RequestInit, 'id' | 'arrivedAt'>[]
  /** The so-many-th request of all, at whichever of the two times. */
  abort: { request: number; during: boolean }[]
  call: Call | null
  callDuring: boolean
}

export type Call =
  | { kind: 'pause'; mode: PauseMode; clearCache: boolean }
  | { kind: 'resume' }
  | { kind: 'reset'; resetRunningRequests: boolean }

/** Small engines, so that every limit is met; also such as vLLM would refuse to start. */
export const anyConfig: fc.Arbitrary<EngineConfig> = fc.record({
  blockSize: fc.constantFrom(1, 2, 4, 8, 16),
  numGpuBlocks: fc.integer({ min: 8, max: 60 }),
  maxModelLen: fc.integer({ min: 40, max: 160 }),
  maxNumSeqs: fc.integer({ min: 1, max: 10 }),
  maxNumBatchedTokens: fc.integer({ min: 4, max: 120 }),
  enablePrefixCaching: fc.boolean(),
  policy: fc.constantFrom('fcfs', 'priority'),
  reserveFullPrompt: fc.boolean(),
  watermark: fc.constantFrom(0, 0, 0.05, 0.2),
  longPrefillTokenThreshold: fc.constantFrom(0, 0, 5, 20),
  enableChunkedPrefill: fc.constantFrom(true, true, true, false),
})

/** Few prompts and outputs that begin alike, so that some share blocks, and some are the same. */
const anyRequest = fc
  .record({
    prefix: fc.integer({ min: 0, max: 2 }),
    prefixLength: fc.constantFrom(0, 8, 17, 32, 48),
    ownLength: fc.integer({ min: 1, max: 40 }),
    own: fc.integer({ min: 0, max: 5 }),
    tellsHead: fc.boolean(),
    outputSeed: fc.integer({ min: 0, max: 2 }),
    maxTokens: fc.integer({ min: 1, max: 60 }),
    naturalLength: fc.option(fc.integer({ min: 1, max: 60 }), { nil: Number.POSITIVE_INFINITY }),
    priority: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ prefix, prefixLength, ownLength, own, tellsHead, ...rest }) => {
    const tokens = Uint32Array.from({ length: prefixLength + ownLength }, (_, index) =>
      index < prefixLength ? prefix * 1_000 + index : 10_000 + own * 1_000 + index,
    )
    return { ...rest, prompt: tellsHead ? withHead(tokens, prefix, prefixLength) : tokens }
  })

const heads = new Map<string, SharedHead>()

/** The same tokens, with the same object for the same beginning. */
const withHead = (tokens: Uint32Array, prefix: number, length: number): Tokens => {
  const head = heads.get(`${prefix} ${length}`) ?? new SharedHead(length)
  heads.set(`${prefix} ${length}`, head)
  return {
    length: tokens.length,
    at: (index) => tokens[index],
    copyTo: (target, from, count) => target.set(tokens.subarray(from, from + count)),
    head,
  }
}

const anyCall: fc.Arbitrary<Call> = fc.oneof(
  fc.record({
    kind: fc.constant('pause'),
    mode: fc.constantFrom('abort', 'wait', 'keep'),
    clearCache: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('reset'), resetRunningRequests: fc.boolean() }),
  fc.record({ kind: fc.constant('resume') }),
)

const often = <T>(weight: number, nothing: T, something: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: fc.constant(nothing) }, { weight: 1, arbitrary: something })

export const anyHistory: fc.Arbitrary<Happening[]> = fc.array(
  fc.record({
    arrive: often(3, [], fc.array(anyRequest, { minLength: 1, maxLength: 4 })),
    abort: often(12, [], fc.array(fc.record({ request: fc.nat(40), during: fc.boolean() }), { maxLength: 3 })),
    call: often<Call | null>(60, null, anyCall),
    callDuring: fc.boolean(),
  }),
  { minLength: 20, maxLength: 120, size: 'max' },
)
