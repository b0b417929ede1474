import type { ModelFacts } from './model.ts'

const MIB = 2 ** 20
export const GIB = 2 ** 30

/** Peak activations, CUDA graphs and what is not PyTorch's: typical of an 8B model at 8,192 tokens a step. */
const OVERHEAD_BYTES = 2 * GIB

export interface KvCapacity {
  numGpuBlocks: number
  /** Bytes left for KV after weights and overhead. */
  availableBytes: number
}

/** KV blocks that fit beside the weights in the share of device memory that vLLM may use. */
export const kvCapacity = (
  model: ModelFacts,
  {
    memoryMiB,
    gpuMemoryUtilization,
    blockSize,
  }: { memoryMiB: number; gpuMemoryUtilization: number; blockSize: number },
): KvCapacity => {
  const availableBytes = memoryMiB * MIB * gpuMemoryUtilization - model.weightsBytes - OVERHEAD_BYTES
  const numGpuBlocks = Math.max(0, Math.floor(availableBytes / (model.kvBytesPerToken * blockSize)))
  return { numGpuBlocks, availableBytes }
}
