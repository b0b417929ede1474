import { z } from 'zod'
import { errorMessage, UserError } from '../../core/errors.ts'
import type { RecordedRequest, Recording, Scrape } from './recording.ts'

/** One recording as it lies on disk: seconds from its start, metrics by the names that vLLM exposes. */
const seconds = z.number()
const count = z.int().nonnegative()

const Row = z
  .object({
    t_s: seconds,
    'vllm:num_requests_running': count,
    'vllm:num_requests_waiting': count,
    'vllm:kv_cache_usage_perc': z.number().min(0).max(1),
    'vllm:num_preemptions_total': count,
    'vllm:prefix_cache_queries_total': count,
    'vllm:prefix_cache_hits_total': count,
  })
  .loose()

const Request = z
  .object({
    i: count,
    start_s: seconds,
    prompt_tokens: z.int().positive(),
    status: z.int(),
    output_tokens: count.nullish(),
    first_token_s: seconds.nullish(),
    end_s: seconds.nullish(),
  })
  .loose()

const File = z
  .object({
    shared_prefix_tokens: count,
    server: z
      .object({
        block_size: z.int().positive(),
        num_gpu_blocks: z.int().min(2),
        max_num_seqs: z.int().positive(),
        max_num_batched_tokens: z.int().positive(),
        max_model_len: z.int().positive(),
        prefix_caching: z.boolean().default(true),
      })
      .loose(),
    requests: z.array(Request).min(1),
    metrics: z.array(Row).min(2),
  })
  .loose()

/** A recording from the text of its file; `name` is how messages and tables call it. */
export const parseRecording = (text: string, name: string): Recording => {
  const parsed = File.safeParse(readJson(text, name))
  if (!parsed.success) throw notRecording(name, z.prettifyError(firstIssues(parsed.error)))
  const { server, requests, metrics, shared_prefix_tokens: sharedPrefixTokens } = parsed.data
  const answered = requests.filter(({ status }) => status === 200)
  if (answered.length === 0) throw notRecording(name, `${requests.length} requests, none of them with status 200`)
  const recording: Recording = {
    name,
    config: {
      blockSize: server.block_size,
      numGpuBlocks: server.num_gpu_blocks,
      maxModelLen: server.max_model_len,
      maxNumSeqs: server.max_num_seqs,
      maxNumBatchedTokens: server.max_num_batched_tokens,
      enablePrefixCaching: server.prefix_caching,
    },
    sharedPrefixTokens,
    requests: answered.map((one) => toRequest(one, name)).sort((a, b) => a.startMs - b.startMs),
    refused: requests.length - answered.length,
    scrapes: metrics.map(toScrape).sort((a, b) => a.atMs - b.atMs),
  }
  return checkFits(recording)
}

// --- Internal helpers ---

const readJson = (text: string, name: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw notRecording(name, `no JSON: ${errorMessage(error)}`)
  }
}

/** A file of another kind has an issue for every row: the first few say enough. */
const firstIssues = ({ issues }: z.ZodError): z.ZodError => new z.ZodError(issues.slice(0, MOST_ISSUES))
const MOST_ISSUES = 5

const toRequest = (
  { i, start_s, prompt_tokens, output_tokens, first_token_s, end_s }: z.infer<typeof Request>,
  name: string,
): RecordedRequest => {
  if (typeof first_token_s !== 'number' || typeof end_s !== 'number' || !output_tokens) {
    throw notRecording(name, `request ${i} with status 200, and without output_tokens, first_token_s or end_s`)
  }
  if (first_token_s < start_s || end_s < first_token_s) {
    throw notRecording(
      name,
      `request ${i}, which starts at ${start_s} s, answers at ${first_token_s} s, ends at ${end_s} s`,
    )
  }
  return {
    index: i,
    startMs: start_s * 1_000,
    promptTokens: prompt_tokens,
    outputTokens: output_tokens,
    firstTokenMs: first_token_s * 1_000,
    endMs: end_s * 1_000,
  }
}

const toScrape = (row: z.infer<typeof Row>): Scrape => ({
  atMs: row.t_s * 1_000,
  running: row['vllm:num_requests_running'],
  waiting: row['vllm:num_requests_waiting'],
  kvCacheUsage: row['vllm:kv_cache_usage_perc'],
  preemptions: row['vllm:num_preemptions_total'],
  prefixQueries: row['vllm:prefix_cache_queries_total'],
  prefixHits: row['vllm:prefix_cache_hits_total'],
})

/** A request that the recorded engine cannot have run would wait for ever in the model. */
const checkFits = (recording: Recording): Recording => {
  const { config, requests, name } = recording
  const most = Math.min(config.maxModelLen, (config.numGpuBlocks - 1) * config.blockSize)
  const tooLong = requests.find((one) => one.promptTokens + one.outputTokens > most)
  if (tooLong === undefined) return recording
  const { index, promptTokens, outputTokens } = tooLong
  throw notRecording(
    name,
    `request ${index} of ${promptTokens} + ${outputTokens} tokens, while the server's settings allow ${most}`,
  )
}

const notRecording = (name: string, found: string): UserError =>
  new UserError({
    code: 'not-a-recording',
    message: `expected a recording of a vLLM server in ${name}, found ${found.replace(/^✖/, 'these faults:\n✖')}`,
    hint: 'docs/engine.md describes the format; scripts/record-engine.ts writes it',
  })
