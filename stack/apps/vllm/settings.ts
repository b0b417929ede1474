import { z } from 'zod'
import { Duration } from '../../../lib/core/duration.ts'
import type { EngineConfig } from '../../../lib/vllm/engine/types.ts'
import { GIB, kvCapacity } from '../../../lib/vllm/hardware/memory.ts'
import { modelFacts, type ModelFacts } from '../../../lib/vllm/hardware/model.ts'
import type { HardwarePreset } from '../../../lib/vllm/hardware/preset.ts'
import { PRESETS } from '../../../lib/vllm/hardware/presets.ts'
import type { ServeArguments } from './arguments.ts'

/** What no real vLLM has: knobs of the emulation come from the environment, so that arguments stay vLLM's own. */
export const EmulatorEnv = z.object({
  VLLM_EMULATOR_PRESET: z
    .string()
    .default('h100')
    .transform((name, context) => {
      const preset = PRESETS[name]
      if (preset !== undefined) return preset
      context.addIssue(`expected a preset (${Object.keys(PRESETS).join(', ')}), found "${name}"`)
      return z.NEVER
    }),
  /** From process start to listening: `8s`. Without it, from the size of the weights and the preset's bandwidth. */
  VLLM_EMULATOR_COLD_START: Duration.optional(),
  /** No step is shorter than this. */
  VLLM_EMULATOR_STEP_FLOOR_MS: z.coerce.number().nonnegative().default(0),
  FIREDRILL_GPU_URL: z.url().optional(),
  FIREDRILL_POD: z.string().default('default/vllm'),
  FIREDRILL_POD_UID: z.string().default(''),
})
export type EmulatorEnv = z.infer<typeof EmulatorEnv>

export interface Plan {
  model: ModelFacts
  preset: HardwarePreset
  engine: EngineConfig
  /** MiB of device memory that vLLM takes for itself. */
  requestedMiB: number
  availableKvBytes: number
  coldStartMs: number
}

export type Planned = { ok: true; plan: Plan } | { ok: false; error: string }

/** Everything that follows from arguments, hardware and the device's memory; an error in vLLM's words where it does not fit. */
export const planServer = (
  args: ServeArguments,
  { VLLM_EMULATOR_PRESET: preset, VLLM_EMULATOR_COLD_START: coldStart }: EmulatorEnv,
  memoryMiB: number,
): Planned => {
  const model = modelFacts(args.model)
  const blockSize = args.blockSize ?? preset.blockSize
  const maxModelLen = args.maxModelLen ?? model.maxModelLen
  const maxNumSeqs = args.maxNumSeqs ?? preset.maxNumSeqs
  const maxNumBatchedTokens = args.maxNumBatchedTokens ?? Math.max(preset.maxNumBatchedTokens, maxNumSeqs)
  const { gpuMemoryUtilization } = args
  const { numGpuBlocks, availableBytes } = kvCapacity(model, { memoryMiB, gpuMemoryUtilization, blockSize })
  const blocks = args.numGpuBlocksOverride ?? numGpuBlocks
  if (maxNumBatchedTokens < maxNumSeqs) {
    return {
      ok: false,
      error: `max_num_batched_tokens (${maxNumBatchedTokens}) must be greater than or equal to max_num_seqs (${maxNumSeqs}).`,
    }
  }
  if (blocks <= 1) {
    return {
      ok: false,
      error:
        'No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.',
    }
  }
  if ((blocks - 1) * blockSize < maxModelLen) {
    return { ok: false, error: tooLong(maxModelLen, model, (blocks - 1) * blockSize) }
  }
  return {
    ok: true,
    plan: {
      model,
      preset,
      engine: {
        blockSize,
        numGpuBlocks: blocks,
        maxModelLen,
        maxNumSeqs,
        maxNumBatchedTokens,
        enablePrefixCaching: args.enablePrefixCaching,
      },
      requestedMiB: Math.floor(memoryMiB * gpuMemoryUtilization),
      availableKvBytes: availableBytes,
      coldStartMs: coldStart ?? defaultColdStartMs(model, preset),
    },
  }
}

// --- Internal helpers ---

const tooLong = (maxModelLen: number, { kvBytesPerToken }: ModelFacts, tokens: number): string => {
  const gib = (count: number): string => ((count * kvBytesPerToken) / GIB).toFixed(2)
  return (
    `To serve at least one request with the models's max seq len (${maxModelLen}), (${gib(maxModelLen)} GiB KV cache is ` +
    `needed, which is larger than the available KV cache memory (${gib(tokens)} GiB). Based on the available memory, the ` +
    `estimated maximum model length is ${tokens}. Try increasing \`gpu_memory_utilization\` or decreasing ` +
    '`max_model_len` when initializing the engine.'
  )
}

const defaultColdStartMs = ({ weightsBytes }: ModelFacts, { loadGiBPerSecond, warmUpMs }: HardwarePreset): number =>
  (weightsBytes / GIB / loadGiBPerSecond) * 1_000 + warmUpMs
