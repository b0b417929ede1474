import type { FrontEndCost } from './front-end-cost.ts'
import type { StepCost } from './step-cost.ts'

export { stepTime } from './step-cost.ts'

/** One kind of machine: what a step costs on it, and what vLLM chooses by default there. */
export interface HardwarePreset extends StepCost, FrontEndCost {
  name: string
  summary: string
  /** Where the numbers come from. */
  source: string
  /** As the driver names it. */
  device: string
  /** Device memory that CUDA reports as total. */
  memoryMiB: number
  /** vLLM's defaults for the API server on this device. */
  maxNumBatchedTokens: number
  maxNumSeqs: number
  blockSize: number
  /** Weights from storage into device memory. */
  loadGiBPerSecond: number
  /** Compilation, graph capture and warm-up after the weights are there. */
  warmUpMs: number
}
