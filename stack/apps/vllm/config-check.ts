import type { ServeArguments } from './arguments.ts'
import { type FieldIssue, fieldErrors, valueError } from './validation-error.ts'

/** The values that vLLM checks before it starts its engine, defaults filled in. */
export interface CheckedConfig {
  maxModelLen: number
  maxNumSeqs: number
  maxNumBatchedTokens: number
  blockSize: number
  gpuMemoryUtilization: number
  /** Whether the device can give memory back (CUDA can, CPUs cannot). */
  canSleep: boolean
}

/** What vLLM 0.32 refuses, object by object in its order, and in its words; null where it takes everything. */
export const configError = (config: CheckedConfig, args: ServeArguments): string | null =>
  modelError(config, args) ?? cacheError(config) ?? schedulerError(config, args) ?? serverError(args)

// --- Internal helpers ---

const MODEL_INPUT = "ArgsKwargs((), {'model': ...nderer_num_workers': 1})"
const SCHEDULER_INPUT = "ArgsKwargs((), {'runner_t..., 'stream_interval': 1})"

/** config/model.py. */
const modelError = ({ maxModelLen, canSleep }: CheckedConfig, { enableSleepMode }: ServeArguments): string | null => {
  const bounds = fields('ModelConfig', [atLeast('max_model_len', maxModelLen, -1)])
  if (bounds !== null) return bounds
  if (enableSleepMode && !canSleep) {
    return valueError('ModelConfig', 'Sleep mode is not supported on current platform.', MODEL_INPUT)
  }
  if (maxModelLen > 0) return null
  const message = `max_model_len must be a positive integer, got int: ${maxModelLen}. Example: max_model_len=2048`
  return valueError('ModelConfig', message, MODEL_INPUT)
}

/** config/cache.py. */
const cacheError = ({ blockSize, gpuMemoryUtilization: share }: CheckedConfig): string | null =>
  fields('CacheConfig', [
    issue(blockSize > 0, { field: 'block_size', value: blockSize, type: 'int', bound: 'greater_than', limit: 0 }),
    issue(share > 0, { ...UTILIZATION, value: share, bound: 'greater_than', limit: 0 }),
    issue(share <= 1, { ...UTILIZATION, value: share, bound: 'less_than_equal', limit: 1 }),
  ])

const UTILIZATION = { field: 'gpu_memory_utilization', type: 'float' } as const

/** config/scheduler.py, verify_max_model_len. */
const schedulerError = (
  { maxModelLen, maxNumSeqs, maxNumBatchedTokens }: CheckedConfig,
  { enableChunkedPrefill, longPrefillTokenThreshold, maxNumQueuedReqs, maxNumQueuedTokens, watermark }: ServeArguments,
): string | null => {
  const bounds = fields('SchedulerConfig', [
    atLeast('max_num_batched_tokens', maxNumBatchedTokens, 1),
    atLeast('max_num_seqs', maxNumSeqs, 1),
    atLeast('long_prefill_token_threshold', longPrefillTokenThreshold, 0),
    atLeast('max_num_queued_reqs', maxNumQueuedReqs ?? 0, 0),
    atLeast('max_num_queued_tokens', maxNumQueuedTokens ?? 0, 0),
    issue(watermark >= 0, { ...WATERMARK, value: watermark, bound: 'greater_than_equal', limit: 0 }),
    issue(watermark < 1, { ...WATERMARK, value: watermark, bound: 'less_than', limit: 1 }),
  ])
  if (bounds !== null) return bounds
  const refuse = (message: string): string => valueError('SchedulerConfig', message, SCHEDULER_INPUT)
  if (maxNumBatchedTokens < maxModelLen && !enableChunkedPrefill) {
    return refuse(
      `max_num_batched_tokens (${maxNumBatchedTokens}) is smaller than max_model_len (${maxModelLen}). This effectively limits ` +
        'the maximum sequence length to max_num_batched_tokens and makes vLLM reject longer sequences. Please increase ' +
        'max_num_batched_tokens or decrease max_model_len.',
    )
  }
  if (maxNumBatchedTokens < maxNumSeqs) {
    return refuse(
      `max_num_batched_tokens (${maxNumBatchedTokens}) must be greater than or equal to max_num_seqs (${maxNumSeqs}).`,
    )
  }
  if (longPrefillTokenThreshold <= maxModelLen) return null
  return refuse(
    `long_prefill_token_threshold (${longPrefillTokenThreshold}) cannot be greater than the max_model_len (${maxModelLen}).`,
  )
}

const WATERMARK = { field: 'watermark', type: 'float' } as const

/** config/vllm.py. */
const serverError = ({ shutdownTimeout }: ServeArguments): string | null =>
  fields('VllmConfig', [atLeast('shutdown_timeout', shutdownTimeout, 0)])

const issue = (holds: boolean, found: FieldIssue): FieldIssue | null => (holds ? null : found)

const atLeast = (field: string, value: number, limit: number): FieldIssue | null =>
  issue(value >= limit, { field, value, type: 'int', bound: 'greater_than_equal', limit })

const fields = (config: string, found: readonly (FieldIssue | null)[]): string | null => {
  const issues = found.filter((one) => one !== null)
  return issues.length === 0 ? null : fieldErrors(config, issues)
}
