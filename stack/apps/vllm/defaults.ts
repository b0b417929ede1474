import type { HardwarePreset } from '../../../lib/vllm/hardware/preset.ts'
import { isAtLeast } from '../../../lib/vllm/metrics/version.ts'
import type { ServeArguments } from './arguments.ts'

/**
 * `gpu_memory_utilization` where it is not given: more since graphs are part of what is measured ("default since v0.21.0", says the
 * log of the release).
 */
export const gpuShare = (vllmVersion: string): number => (isAtLeast(vllmVersion, '0.21.0') ? 0.92 : 0.9)

/** engine/arg_utils.py: what is not given follows from the hardware, and is cut to what is given. */
export const batchLimits = (
  { maxNumSeqs: seqs, maxNumBatchedTokens: tokens, enableChunkedPrefill }: ServeArguments,
  preset: HardwarePreset,
  maxModelLen: number,
): { maxNumSeqs: number; maxNumBatchedTokens: number } => {
  const wholePrompt = enableChunkedPrefill ? 0 : maxModelLen
  const maxNumSeqs = seqs ?? preset.maxNumSeqs
  const maxNumBatchedTokens =
    tokens ?? Math.min(Math.max(preset.maxNumBatchedTokens, wholePrompt), maxNumSeqs * maxModelLen)
  return { maxNumSeqs: seqs ?? Math.min(maxNumSeqs, maxNumBatchedTokens), maxNumBatchedTokens }
}
