import { z } from 'zod'
import { Duration } from '../../../lib/core/duration.ts'
import type { EngineConfig } from '../../../lib/vllm/engine/types.ts'
import { GIB, gibText, type MemoryParts, memoryParts } from '../../../lib/vllm/hardware/memory.ts'
import { modelFacts, type ModelFacts } from '../../../lib/vllm/hardware/model.ts'
import type { HardwarePreset } from '../../../lib/vllm/hardware/preset.ts'
import {
  isAtLeast,
  isKnownVersion,
  KNOWN_VERSIONS,
  knownVersion,
  LAST_VERSION,
  RESERVES_FULL_PROMPT,
} from '../../../lib/vllm/metrics/version.ts'
import { PRESETS } from '../../../lib/vllm/hardware/presets.ts'
import type { ServeArguments } from './arguments.ts'
import { batchLimits, gpuShare } from './defaults.ts'
import { configError } from './config-check.ts'

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
  /** vLLM's own: the endpoints for developers. */
  VLLM_SERVER_DEV_MODE: z.string().default('0'),
  /** vLLM's own: what opens the API where `--api-key` is not given. */
  VLLM_API_KEY: z.string().default(''),
  /** vLLM's own: seconds from one line of statistics to the next. */
  VLLM_LOG_STATS_INTERVAL: z.coerce.number().positive().default(10),
  /** vLLM's own: answer 500 for ever rather than end when the engine is dead. */
  VLLM_KEEP_ALIVE_ON_ENGINE_DEATH: z.string().default('0'),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.enum(['grpc', 'http/protobuf']).default('grpc'),
  OTEL_SERVICE_NAME: z.string().optional(),
  /** Where `--vllm-version` is not given. */
  VLLM_EMULATOR_VERSION: z
    .string()
    .default(LAST_VERSION)
    .refine(isKnownVersion, `expected a vLLM version from ${KNOWN_VERSIONS}`),
  FIREDRILL_GPU_URL: z.url().optional(),
  FIREDRILL_POD: z.string().default('default/vllm'),
  FIREDRILL_POD_UID: z.string().default(''),
})
export type EmulatorEnv = z.infer<typeof EmulatorEnv>

export interface Plan {
  model: ModelFacts
  preset: HardwarePreset
  engine: EngineConfig
  memory: MemoryParts
  /** What vLLM allows itself of the device, in MiB. */
  requestedMiB: number
  gpuMemoryUtilization: number
  /** What `--max-model-len auto` began with; null where a length was given, or none. */
  autoFitFrom: number | null
  /** Of the blocks that the engine has. */
  kvBytes: number
  coldStartMs: number
  /** Which vLLM it is like: what /version answers, and whose metrics it has. */
  vllmVersion: string
}

/** `config` is refused before there is an engine, `engine` when it starts. */
export type Planned = { ok: true; plan: Plan } | { ok: false; by: 'config' | 'engine'; error: string }

/** Arguments that this version of vLLM does not know. */
export const unknownArguments = (args: ServeArguments, { VLLM_EMULATOR_VERSION }: EmulatorEnv): string[] => {
  const version = knownVersion(args.vllmVersion ?? VLLM_EMULATOR_VERSION)
  const since = (release: string, ...given: (false | string)[]): string[] =>
    isAtLeast(version, release) ? [] : given.filter((name) => name !== false)
  return [
    ...since('0.19.0', args.shutdownTimeout > 0 && '--shutdown-timeout'),
    ...since(RESERVES_FULL_PROMPT, args.schedulerReserveFullIsl !== null && '--scheduler-reserve-full-isl'),
    ...since(
      '0.29.0',
      args.maxNumQueuedReqs !== null && '--max-num-queued-reqs',
      args.maxNumQueuedTokens !== null && '--max-num-queued-tokens',
    ),
  ]
}

/** Everything that follows from arguments, hardware and the device's memory; an error in vLLM's words where it does not fit. */
export const planServer = (
  args: ServeArguments,
  { VLLM_EMULATOR_PRESET: preset, VLLM_EMULATOR_COLD_START: coldStart, VLLM_EMULATOR_VERSION }: EmulatorEnv,
  memoryMiB: number,
): Planned => {
  const vllmVersion = knownVersion(args.vllmVersion ?? VLLM_EMULATOR_VERSION)
  const model = modelFacts(args.model)
  const blockSize = args.blockSize ?? preset.blockSize
  const longest = typeof args.maxModelLen === 'number' ? args.maxModelLen : model.maxModelLen
  const { maxNumSeqs, maxNumBatchedTokens } = batchLimits(args, preset, longest)
  const gpuMemoryUtilization = args.gpuMemoryUtilization ?? gpuShare(vllmVersion)
  const canSleep = preset.device !== 'CPU'
  const checked = { maxModelLen: longest, maxNumSeqs, maxNumBatchedTokens, blockSize, gpuMemoryUtilization, canSleep }
  const refused = configError(checked, args)
  if (refused !== null) return { ok: false, by: 'config', error: refused }
  const { enforceEager, kvCacheMemoryBytes } = args
  const memory = memoryParts(model, {
    memoryMiB,
    gpuMemoryUtilization,
    blockSize,
    maxNumBatchedTokens,
    enforceEager,
    kvCacheMemoryBytes,
  })
  const blocks = args.numGpuBlocksOverride ?? memory.numGpuBlocks
  const kvBytes = blocks * blockSize * model.kvBytesPerToken
  const available = args.numGpuBlocksOverride === null ? memory.availableKvBytes : kvBytes
  const failed = (error: string): Planned => ({ ok: false, by: 'engine', error: `ValueError: ${error}` })
  if (available <= 0) return failed(NO_MEMORY)
  // One block is vLLM's null block.
  const fits = Math.max(0, blocks - 1) * blockSize
  const auto = args.maxModelLen === 'auto'
  if (auto && fits === 0) return failed(NOT_ONE_TOKEN)
  const maxModelLen = auto ? Math.min(longest, fits) : longest
  if (fits < maxModelLen) return failed(tooLong(maxModelLen, model, { available, fits }))
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
        enableChunkedPrefill: args.enableChunkedPrefill,
        longPrefillTokenThreshold: args.longPrefillTokenThreshold,
        policy: args.schedulingPolicy,
        watermark: args.watermark,
        reserveFullPrompt: args.schedulerReserveFullIsl ?? isAtLeast(vllmVersion, RESERVES_FULL_PROMPT),
      },
      memory,
      gpuMemoryUtilization,
      autoFitFrom: auto ? longest : null,
      requestedMiB: Math.ceil(memory.requestedBytes / 2 ** 20),
      kvBytes,
      coldStartMs: coldStart ?? defaultColdStartMs(model, preset),
      vllmVersion,
    },
  }
}

// --- Internal helpers ---

const SEE = 'See https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details.'

/** vllm/v1/core/kv_cache_utils.py, as of 0.32.0. */
const NO_MEMORY =
  'No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine (this flag ' +
  `also controls CPU memory reservation on the CPU backend, despite its name). ${SEE}`

const NOT_ONE_TOKEN =
  'Cannot auto-fit max_model_len: not enough GPU memory available to serve even a single token. Try increasing ' +
  '`gpu_memory_utilization`.'

const tooLong = (
  maxModelLen: number,
  { kvBytesPerToken }: ModelFacts,
  { available, fits }: { available: number; fits: number },
): string => {
  const estimate = fits > 0 ? `Based on the available memory, the estimated maximum model length is ${fits}. ` : ''
  return (
    `To serve at least one request with the model's max seq len (${maxModelLen}), (${gibText(maxModelLen * kvBytesPerToken)} ` +
    `GiB KV cache is needed, which is larger than the available KV cache memory (${gibText(available)} GiB). ${estimate}Try ` +
    'increasing `gpu_memory_utilization` (which also controls CPU memory on the CPU backend) or decreasing `max_model_len` ' +
    `when initializing the engine. ${SEE}`
  )
}

const defaultColdStartMs = ({ weightsBytes }: ModelFacts, { loadGiBPerSecond, warmUpMs }: HardwarePreset): number =>
  (weightsBytes / GIB / loadGiBPerSecond) * 1_000 + warmUpMs
