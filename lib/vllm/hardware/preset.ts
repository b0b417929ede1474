import type { Batch } from '../engine/types.ts'

/** One kind of machine: what a step costs on it, and what vLLM chooses by default there. */
export interface HardwarePreset {
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
  /** Milliseconds of a step: a constant, per prefilled token, per decoding sequence, per token of context. */
  baseMs: number
  prefillMs: number
  decodeMs: number
  contextMs: number
  /** Weights from storage into device memory. */
  loadGiBPerSecond: number
  /** Compilation, graph capture and warm-up after the weights are there. */
  warmUpMs: number
}

/** Milliseconds of a step, never below `floorMs`. */
export const stepTime =
  ({ baseMs, prefillMs, decodeMs, contextMs }: HardwarePreset, floorMs = 0) =>
  ({ prefillTokens, decodeSequences, contextTokens }: Batch): number =>
    Math.max(floorMs, baseMs + prefillMs * prefillTokens + decodeMs * decodeSequences + contextMs * contextTokens)
