import { createEventCore } from './event-core.ts'
import { createShell } from './shell.ts'
import type { Batch, Engine, EngineConfig } from './types.ts'

/** Milliseconds that a batch takes on the hardware. */
export type StepTime = (batch: Batch) => number

/**
 * vLLM's V1 engine core as a model: pure, and on the clock of its caller. In real time, call `schedule`, wait
 * `durationMs`, call `update`; in virtual time, add the duration instead of waiting. Not modelled: asynchronous
 * scheduling (one step in flight beside the one computed), speculative decoding, LoRA, KV transfer.
 */
export const createEngine = (config: EngineConfig, stepTime: StepTime): Engine =>
  createShell(config, createEventCore(config), stepTime)
