import type { ModelFacts } from './model.ts'

const MIB = 2 ** 20
export const GIB = 2 ** 30

/** What a vLLM process takes of its device, part by part. Weights and the block's size are computed, the rest are estimates for an 8B model. */
export interface MemoryParts {
  /** `ceil(total × gpu_memory_utilization)`: what vLLM allows itself. */
  requestedBytes: number
  /** CUDA context, NCCL and what else is not PyTorch's: there before vLLM looks at what is free. */
  contextBytes: number
  weightsBytes: number
  /** Peak of a step of `max_num_batched_tokens`: measured at the start, given back, and taken again as larger steps come. */
  activationBytes: number
  /** Captured CUDA graphs; none with --enforce-eager. */
  graphBytes: number
  /** What is left for KV blocks; zero or less where nothing is. */
  availableKvBytes: number
  /** Blocks that fit there, the null block included. */
  numGpuBlocks: number
}

export interface MemoryOptions {
  memoryMiB: number
  gpuMemoryUtilization: number
  blockSize: number
  maxNumBatchedTokens: number
  enforceEager: boolean
  /** --kv-cache-memory-bytes: in the place of what utilization leaves. */
  kvCacheMemoryBytes: number | null
}

const CONTEXT_BYTES = 0.25 * GIB
const GRAPH_BYTES = 0.75 * GIB
/** Of an 8B model in bf16; a smaller one is narrower, so by the square root of its size. */
const ACTIVATION_BYTES_PER_TOKEN = 128 * 1_024
const REFERENCE_WEIGHTS = 16.06e9

/** Bytes that a step of so many tokens needs beside weights and KV. */
export const activationBytes = ({ weightsBytes }: ModelFacts, tokens: number): number =>
  Math.ceil(tokens * ACTIVATION_BYTES_PER_TOKEN * Math.sqrt(weightsBytes / REFERENCE_WEIGHTS))

/** As vLLM divides it: KV gets what the requested share leaves after weights, context, activations at their peak, and graphs. */
export const memoryParts = (model: ModelFacts, options: MemoryOptions): MemoryParts => {
  const { memoryMiB, gpuMemoryUtilization, blockSize, maxNumBatchedTokens, enforceEager, kvCacheMemoryBytes } = options
  const requestedBytes = Math.ceil(memoryMiB * MIB * gpuMemoryUtilization)
  const { weightsBytes } = model
  const activations = activationBytes(model, maxNumBatchedTokens)
  const graphBytes = enforceEager ? 0 : GRAPH_BYTES
  const availableKvBytes =
    kvCacheMemoryBytes ?? requestedBytes - CONTEXT_BYTES - weightsBytes - activations - graphBytes
  return {
    requestedBytes,
    contextBytes: CONTEXT_BYTES,
    weightsBytes,
    activationBytes: activations,
    graphBytes,
    availableKvBytes,
    numGpuBlocks: Math.max(0, Math.floor(availableKvBytes / (model.kvBytesPerToken * blockSize))),
  }
}

/** Python's `round(bytes / GiB, 2)`, as vLLM prints sizes. */
export const gibText = (bytes: number): string => {
  const rounded = String(Math.round((bytes / GIB) * 100) / 100)
  return rounded.includes('.') ? rounded : `${rounded}.0`
}
