import { UserError } from '../../../core/errors.ts'
import { parseRecording } from '../format.ts'
import type { Recording } from '../recording.ts'

/** Parts of a small recording as it lies on disk; tests change what they are about. */
export const row = (t_s: number, preemptions = 0, hits = 0) => ({
  t_s,
  'vllm:num_requests_running': 1,
  'vllm:num_requests_waiting': 0,
  'vllm:kv_cache_usage_perc': 0.5,
  'vllm:num_preemptions_total': preemptions,
  'vllm:prefix_cache_queries_total': 10,
  'vllm:prefix_cache_hits_total': hits,
})

export const request = {
  i: 0,
  start_s: 1,
  prompt_tokens: 10,
  status: 200,
  output_tokens: 5,
  first_token_s: 1.5,
  end_s: 2,
}

export const server = {
  vllm: '0.32.0',
  block_size: 16,
  num_gpu_blocks: 11,
  max_num_seqs: 8,
  max_num_batched_tokens: 64,
  max_model_len: 100,
  prefix_caching: false,
}

export const file = { shared_prefix_tokens: 0, server, requests: [request], metrics: [row(0), row(1, 3)] }

export const parse = (content: unknown): Recording => parseRecording(JSON.stringify(content), 'mine')

export const failure = (content: unknown): UserError => {
  try {
    parse(content)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('it was taken')
}
