import { z } from 'zod'

/** One recording as it lies on disk: seconds from its start, metrics by the names that vLLM exposes. */
const seconds = z.number()
const count = z.int().nonnegative()

/** A scrape that failed, or came between two values, has `null` for them. */
const Row = z
  .object({
    t_s: seconds,
    'vllm:num_requests_running': count.nullish(),
    'vllm:num_requests_waiting': count.nullish(),
    'vllm:kv_cache_usage_perc': z.number().min(0).max(1).nullish(),
    'vllm:num_preemptions_total': count.nullish(),
    'vllm:prefix_cache_queries_total': count.nullish(),
    'vllm:prefix_cache_hits_total': count.nullish(),
  })
  .loose()
export type Row = z.infer<typeof Row>

/** Whatever a request did not come to is `null`, or left out. */
const Request = z
  .object({
    i: count,
    start_s: seconds.nullish(),
    prompt_tokens: z.int().positive(),
    max_tokens: z.int().positive().nullish(),
    status: z.int().nullish(),
    output_tokens: count.nullish(),
    first_token_s: seconds.nullish(),
    end_s: seconds.nullish(),
    aborted: z.boolean().nullish(),
    finish_reason: z.string().nullish(),
    priority: z.int().nullish(),
    n: z.int().nullish(),
  })
  .loose()
export type Request = z.infer<typeof Request>

const Server = z
  .object({
    vllm: z.string().nullish(),
    block_size: z.int().positive(),
    num_gpu_blocks: z.int().min(2),
    max_num_seqs: z.int().positive(),
    max_num_batched_tokens: z.int().positive(),
    max_model_len: z.int().positive(),
    prefix_caching: z.boolean().nullish(),
    chunked_prefill: z.boolean().nullish(),
    scheduling_policy: z.enum(['fcfs', 'priority']).nullish(),
    long_prefill_token_threshold: count.nullish(),
    scheduler_reserve_full_isl: z.boolean().nullish(),
    watermark: z.number().min(0).max(1).nullish(),
  })
  .loose()
export type Server = z.infer<typeof Server>

export const RecordingFile = z
  .object({
    shared_prefix_tokens: count,
    server: Server,
    requests: z.array(Request).min(1),
    metrics: z.array(Row).min(2),
  })
  .loose()

/** Fields by these names are read; what else there is has no effect on a replay. */
export const FILE_FIELDS: ReadonlySet<string> = new Set(Object.keys(RecordingFile.shape))
export const SERVER_FIELDS: ReadonlySet<string> = new Set(Object.keys(Server.shape))
export const REQUEST_FIELDS: ReadonlySet<string> = new Set(Object.keys(Request.shape))
