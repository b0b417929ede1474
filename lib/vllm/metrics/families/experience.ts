import {
  MODEL_MILLISECONDS,
  PREEMPTIONS,
  REQUEST_SECONDS,
  REQUEST_SECONDS_FROM_1,
  REQUEST_SECONDS_TO_60,
  TOKEN_SECONDS,
  TOKEN_SECONDS_TO_2,
  TTFT_SECONDS,
  TTFT_SECONDS_TO_10,
} from '../buckets.ts'
import type { FamilyRecord } from '../family.ts'

/** What requests went through: the first two are observed as tokens come, the others when a request finishes. */
export const EXPERIENCE: readonly FamilyRecord[] = [
  {
    name: 'vllm:time_to_first_token_seconds',
    type: 'histogram',
    unit: 'seconds',
    v0: [
      { since: '0.6.0', help: 'Histogram of time to first token in seconds.', buckets: TTFT_SECONDS_TO_10 },
      { since: '0.8.4', buckets: TTFT_SECONDS },
    ],
    v1: [
      { since: '0.8.0', help: 'Histogram of time to first token in seconds.', buckets: TTFT_SECONDS_TO_10 },
      { since: '0.8.4', buckets: TTFT_SECONDS },
    ],
  },
  {
    name: 'vllm:inter_token_latency_seconds',
    type: 'histogram',
    unit: 'seconds',
    v0: [{ since: '0.10.2', help: 'Histogram of inter token latency in seconds.', buckets: TOKEN_SECONDS }],
    v1: [{ since: '0.10.2', help: 'Histogram of inter-token latency in seconds.', buckets: TOKEN_SECONDS }],
  },
  {
    name: 'vllm:time_per_output_token_seconds',
    type: 'histogram',
    unit: 'seconds',
    use: 'vllm:inter_token_latency_seconds (per gap) or vllm:request_time_per_output_token_seconds (per request)',
    v0: [
      { since: '0.6.0', help: 'Histogram of time per output token in seconds.', buckets: TOKEN_SECONDS_TO_2 },
      { since: '0.8.4', buckets: TOKEN_SECONDS },
      {
        since: '0.10.2',
        state: 'deprecated',
        help: 'Histogram of time per output token in seconds.DEPRECATED: Use vllm:inter_token_latency_seconds instead.',
      },
    ],
    v1: [
      { since: '0.8.0', help: 'Histogram of time per output token in seconds.', buckets: TOKEN_SECONDS_TO_2 },
      { since: '0.8.4', buckets: TOKEN_SECONDS },
      {
        since: '0.10.2',
        state: 'deprecated',
        help: 'Histogram of time per output token in seconds.DEPRECATED: Use vllm:inter_token_latency_seconds instead.',
      },
      { since: '0.12.0', state: 'hidden' },
      { since: '0.15.0', state: 'removed', source: '~' },
    ],
  },
  {
    name: 'vllm:request_time_per_output_token_seconds',
    type: 'histogram',
    unit: 'seconds',
    v1: [
      {
        since: '0.11.0',
        help: 'Histogram of time_per_output_token_seconds per request.',
        buckets: TOKEN_SECONDS,
      },
    ],
  },
  {
    name: 'vllm:e2e_request_latency_seconds',
    type: 'histogram',
    unit: 'seconds',
    v0: [
      {
        since: '0.6.0',
        help: 'Histogram of end to end request latency in seconds.',
        buckets: REQUEST_SECONDS_FROM_1,
      },
      { since: '0.6.4', buckets: REQUEST_SECONDS_TO_60 },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
    ],
    v1: [
      { since: '0.8.0', help: 'Histogram of e2e request latency in seconds.', buckets: REQUEST_SECONDS_TO_60 },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
    ],
  },
  {
    name: 'vllm:request_queue_time_seconds',
    type: 'histogram',
    unit: 'seconds',
    v0: [
      { since: '0.6.4', help: 'Histogram of time spent in WAITING phase for request.', buckets: REQUEST_SECONDS_TO_60 },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
    ],
    v1: [
      { since: '0.8.0', help: 'Histogram of time spent in WAITING phase for request.', buckets: REQUEST_SECONDS_TO_60 },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
    ],
  },
  {
    name: 'vllm:request_inference_time_seconds',
    type: 'histogram',
    unit: 'seconds',
    v0: [
      { since: '0.6.4', help: 'Histogram of time spent in RUNNING phase for request.', buckets: REQUEST_SECONDS_TO_60 },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
    ],
    v1: [
      { since: '0.8.0', help: 'Histogram of time spent in RUNNING phase for request.', buckets: REQUEST_SECONDS_TO_60 },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
    ],
  },
  {
    name: 'vllm:request_prefill_time_seconds',
    type: 'histogram',
    unit: 'seconds',
    v0: [
      { since: '0.6.4', help: 'Histogram of time spent in PREFILL phase for request.', buckets: REQUEST_SECONDS_TO_60 },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
    ],
    v1: [
      { since: '0.8.0', help: 'Histogram of time spent in PREFILL phase for request.', buckets: REQUEST_SECONDS_TO_60 },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
    ],
  },
  {
    name: 'vllm:request_decode_time_seconds',
    type: 'histogram',
    unit: 'seconds',
    v0: [
      { since: '0.6.4', help: 'Histogram of time spent in DECODE phase for request.', buckets: REQUEST_SECONDS_TO_60 },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
    ],
    v1: [
      { since: '0.8.0', help: 'Histogram of time spent in DECODE phase for request.', buckets: REQUEST_SECONDS_TO_60 },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
    ],
  },
  {
    name: 'vllm:time_in_queue_requests',
    type: 'histogram',
    unit: 'seconds',
    use: 'vllm:request_queue_time_seconds',
    v0: [
      {
        since: '0.6.4',
        help: 'Histogram of time the request spent in the queue in seconds.',
        buckets: REQUEST_SECONDS_TO_60,
      },
      {
        since: '0.8.0',
        state: 'deprecated',
        help: 'Histogram of time the request spent in the queue in seconds. DEPRECATED: use vllm:request_queue_time_seconds instead.',
      },
      { since: '0.8.3', state: 'hidden' },
      { since: '0.8.4', buckets: REQUEST_SECONDS },
      { since: '0.9.1', state: 'removed' },
    ],
  },
  {
    name: 'vllm:model_forward_time_milliseconds',
    type: 'histogram',
    unit: 'milliseconds',
    requires: '--collect-detailed-traces',
    use: 'vllm:request_prefill_time_seconds and vllm:request_decode_time_seconds',
    v0: [
      { since: '0.6.4', help: 'Histogram of time spent in the model forward pass in ms.', buckets: MODEL_MILLISECONDS },
      {
        since: '0.8.0',
        state: 'deprecated',
        help: 'Histogram of time spent in the model forward pass in ms. DEPRECATED: use prefill/decode/inference time metrics instead.',
      },
      {
        since: '0.8.3',
        state: 'hidden',
        help: 'Histogram of time spent in the model forward pass in ms. DEPRECATED: use prefill/decode/inference time metrics instead',
      },
      { since: '0.9.1', state: 'removed' },
    ],
  },
  {
    name: 'vllm:model_execute_time_milliseconds',
    type: 'histogram',
    unit: 'milliseconds',
    requires: '--collect-detailed-traces',
    use: 'vllm:request_prefill_time_seconds and vllm:request_decode_time_seconds',
    v0: [
      {
        since: '0.6.4',
        help: 'Histogram of time spent in the model execute function in ms.',
        buckets: MODEL_MILLISECONDS,
      },
      {
        since: '0.8.0',
        state: 'deprecated',
        help: 'Histogram of time spent in the model execute function in ms.DEPRECATED: use prefill/decode/inference time metrics instead.',
      },
      {
        since: '0.8.3',
        state: 'hidden',
        help: 'Histogram of time spent in the model execute function in ms.DEPRECATED: use prefill/decode/inference time metrics instead',
      },
      { since: '0.9.1', state: 'removed' },
    ],
  },
  {
    name: 'vllm:request_num_preemptions',
    type: 'histogram',
    unit: 'count',
    v1: [
      {
        since: '0.30.0',
        help: 'Histogram of the number of times a request was preempted.',
        buckets: PREEMPTIONS,
      },
    ],
  },
  {
    name: 'vllm:request_prefill_kv_computed_tokens',
    type: 'histogram',
    unit: 'tokens',
    v1: [
      {
        since: '0.13.0',
        help: 'Histogram of new KV tokens computed during prefill (excluding cached tokens).',
        buckets: 'request-tokens',
      },
    ],
  },
]
