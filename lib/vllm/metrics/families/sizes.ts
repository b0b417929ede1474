import { ITERATION_TOKENS, ITERATION_TOKENS_TO_8096, PARAMS_N } from '../buckets.ts'
import type { FamilyRecord } from '../family.ts'

/** Histograms of counts: observed when a request finishes, `iteration_tokens_total` at each step. */
export const SIZES: readonly FamilyRecord[] = [
  {
    name: 'vllm:request_prompt_tokens',
    type: 'histogram',
    unit: 'tokens',
    v0: [{ since: '0.6.0', help: 'Number of prefill tokens processed.', buckets: 'request-tokens' }],
    v1: [{ since: '0.8.0', help: 'Number of prefill tokens processed.', buckets: 'request-tokens' }],
  },
  {
    name: 'vllm:request_generation_tokens',
    type: 'histogram',
    unit: 'tokens',
    v0: [{ since: '0.6.0', help: 'Number of generation tokens processed.', buckets: 'request-tokens' }],
    v1: [{ since: '0.8.0', help: 'Number of generation tokens processed.', buckets: 'request-tokens' }],
  },
  {
    name: 'vllm:iteration_tokens_total',
    type: 'histogram',
    unit: 'tokens',
    v0: [
      {
        since: '0.6.4',
        help: 'Histogram of number of tokens per engine_step.',
        buckets: ITERATION_TOKENS_TO_8096,
      },
      { since: '0.6.5', buckets: 'cudagraph-v0' },
      { since: '0.8.5', buckets: ITERATION_TOKENS },
    ],
    v1: [
      { since: '0.8.0', help: 'Histogram of number of tokens per engine_step.', buckets: 'cudagraph-v1' },
      { since: '0.8.5', buckets: ITERATION_TOKENS },
    ],
  },
  {
    name: 'vllm:request_max_num_generation_tokens',
    type: 'histogram',
    unit: 'tokens',
    v0: [
      {
        since: '0.6.4',
        help: 'Histogram of maximum number of requested generation tokens.',
        buckets: 'request-tokens',
      },
    ],
    v1: [
      {
        since: '0.8.0',
        help: 'Histogram of maximum number of requested generation tokens.',
        buckets: 'request-tokens',
      },
    ],
  },
  {
    name: 'vllm:request_params_n',
    type: 'histogram',
    unit: 'count',
    v0: [{ since: '0.6.0', help: 'Histogram of the n request parameter.', buckets: PARAMS_N }],
    v1: [{ since: '0.8.0', help: 'Histogram of the n request parameter.', buckets: PARAMS_N }],
  },
  {
    name: 'vllm:request_params_best_of',
    type: 'histogram',
    unit: 'count',
    v0: [
      { since: '0.6.0', help: 'Histogram of the best_of request parameter.', buckets: PARAMS_N },
      { since: '0.6.3', state: 'removed' },
    ],
  },
  {
    name: 'vllm:request_params_max_tokens',
    type: 'histogram',
    unit: 'tokens',
    v0: [{ since: '0.6.4', help: 'Histogram of the max_tokens request parameter.', buckets: 'request-tokens' }],
    v1: [{ since: '0.8.0', help: 'Histogram of the max_tokens request parameter.', buckets: 'request-tokens' }],
  },
]
