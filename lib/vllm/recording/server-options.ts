import type { EngineConfig } from '../engine/types.ts'
import {
  isAtLeast,
  isKnownVersion,
  KNOWN_VERSIONS,
  LAST_VERSION,
  RESERVES_FULL_PROMPT,
  V1_DEFAULT,
} from '../metrics/version.ts'
import { SERVER_FIELDS, type Server } from './format-schema.ts'
import { notModelled } from './not-recording.ts'
import { unreadFields } from './unread-fields.ts'

export interface ServerOptions {
  config: EngineConfig
  warnings: readonly string[]
}

/** The engine's configuration from what a recording says of its server; throws where the model has not what it asks for. */
export const serverOptions = (server: Server, name: string): ServerOptions => {
  for (const [option, what] of Object.entries(NOT_MODELLED)) {
    if (isOff(server[option])) continue
    const found = `server.${option} = ${JSON.stringify(server[option])}: ${what}, which the model does not do`
    throw notModelled(name, found, `record a server without it; docs/engine.md lists what is not modelled`)
  }
  const { version, warnings } = versionOf(server.vllm ?? null, name)
  const config: EngineConfig = {
    blockSize: server.block_size,
    numGpuBlocks: server.num_gpu_blocks,
    maxModelLen: server.max_model_len,
    maxNumSeqs: server.max_num_seqs,
    maxNumBatchedTokens: server.max_num_batched_tokens,
    enablePrefixCaching: server.prefix_caching ?? true,
    enableChunkedPrefill: server.chunked_prefill ?? true,
    policy: server.scheduling_policy ?? 'fcfs',
    longPrefillTokenThreshold: server.long_prefill_token_threshold ?? 0,
    reserveFullPrompt: server.scheduler_reserve_full_isl ?? isAtLeast(version, RESERVES_FULL_PROMPT),
    watermark: server.watermark ?? 0,
  }
  const unread = unreadFields('server', [server], SERVER_FIELDS, NO_EFFECT, new Set(Object.keys(NOT_MODELLED)))
  return { config, warnings: [...warnings, ...unread] }
}

// --- Internal helpers ---

/** What decides about scheduling, and is in no `EngineConfig`. */
const NOT_MODELLED: Readonly<Record<string, string>> = {
  async_scheduling: 'asynchronous scheduling',
  speculative_config: 'speculative decoding',
  num_speculative_tokens: 'speculative decoding',
  enable_lora: 'LoRA slots',
  kv_transfer_config: 'a KV connector',
  data_parallel_size: 'several engines behind one server',
  pipeline_parallel_size: 'several batches at once',
  num_scheduler_steps: 'multi-step scheduling',
  max_num_partial_prefills: 'concurrent partial prefills',
  long_prefill_token_threshold_adaptive: 'an adaptive threshold',
}

/** As if it were not there; a size of one is what the model has. */
const isOff = (value: unknown): boolean =>
  value === undefined || value === null || value === false || value === 0 || value === 1 || value === ''

/** Descriptions, and what shows in the step time alone, which is fitted. */
const NO_EFFECT = new Set([
  'model',
  'machine',
  'enforce_eager',
  'dtype',
  'device',
  'load_format',
  'gpu_memory_utilization',
  'num_gpu_blocks_override',
  'tensor_parallel_size',
])

/** The version that `server.vllm` begins with; what is written behind it describes the build. */
const versionOf = (text: string | null, name: string): { version: string; warnings: string[] } => {
  const version = /\d+\.\d+[\w.+]*/.exec(text ?? '')?.[0] ?? ''
  if (!isKnownVersion(version)) {
    const found = text === null ? 'none' : `"${text}"`
    const expected = `expected a vLLM version from ${KNOWN_VERSIONS} in server.vllm, found ${found}`
    return { version: LAST_VERSION, warnings: [`${expected}: replayed as ${LAST_VERSION}; write the version there`] }
  }
  if (!isAtLeast(version, V1_DEFAULT)) {
    const found = `server.vllm = "${text}", whose engine is V0`
    throw notModelled(name, found, `record vLLM ${V1_DEFAULT} or newer: the model is the V1 engine`)
  }
  return { version, warnings: [] }
}
