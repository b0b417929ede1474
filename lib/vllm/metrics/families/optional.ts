import { CONNECTION_SECONDS, OPERATION_SECONDS, RESIDENCY_SECONDS } from '../buckets.ts'
import type { FamilyRecord } from '../family.ts'

const SPECULATIVE = 'speculative decoding (--speculative-config)'
const KV_METRICS = '--kv-cache-metrics'
const REALTIME = 'the realtime endpoint'
const DIFFUSION = 'a diffusion language model'
const SLEEP = 'VLLM_SERVER_DEV_MODE=1, after the first /sleep or /wake_up'

/** Families that are there only where something is configured. */
export const OPTIONAL: readonly FamilyRecord[] = [
  {
    name: 'vllm:corrupted_requests_total',
    type: 'counter',
    unit: 'requests',
    requires: 'VLLM_COMPUTE_NANS_IN_LOGITS=1',
    v1: [
      {
        since: '0.11.1',
        help: 'Corrupted requests, in terms of total number of requests with NaNs in logits.',
      },
    ],
  },
  {
    name: 'vllm:watermark_requests_total',
    type: 'counter',
    unit: 'requests',
    labels: ['status'],
    requires: 'watermark_config',
    v1: [{ since: '0.32.0', help: 'Finished requests by watermark status (only with watermark_config).' }],
  },
  {
    name: 'vllm:kv_block_lifetime_seconds',
    type: 'histogram',
    unit: 'seconds',
    requires: KV_METRICS,
    v1: [
      {
        since: '0.12.0',
        help: 'Histogram of KV cache block lifetime from allocation to eviction. Sampled metrics (controlled by --kv-cache-metrics-sample).',
        buckets: RESIDENCY_SECONDS,
      },
    ],
  },
  {
    name: 'vllm:kv_block_idle_before_evict_seconds',
    type: 'histogram',
    unit: 'seconds',
    requires: KV_METRICS,
    v1: [
      {
        since: '0.12.0',
        help: 'Histogram of idle time before KV cache block eviction. Sampled metrics (controlled by --kv-cache-metrics-sample).',
        buckets: RESIDENCY_SECONDS,
      },
    ],
  },
  {
    name: 'vllm:kv_block_reuse_gap_seconds',
    type: 'histogram',
    unit: 'seconds',
    requires: KV_METRICS,
    v1: [
      {
        since: '0.12.0',
        help: 'Histogram of time gaps between consecutive KV cache block accesses. Only the most recent accesses are recorded (ring buffer). Sampled metrics (controlled by --kv-cache-metrics-sample).',
        buckets: RESIDENCY_SECONDS,
      },
    ],
  },
  {
    name: 'vllm:spec_decode_draft_acceptance_rate',
    type: 'gauge',
    unit: 'fraction',
    requires: SPECULATIVE,
    use: 'rate(vllm:spec_decode_num_accepted_tokens_total[5m]) / rate(vllm:spec_decode_num_draft_tokens_total[5m])',
    v0: [
      { since: '0.6.0', help: 'Speulative token acceptance rate.' },
      { since: '0.10.0', state: 'removed' },
    ],
  },
  {
    name: 'vllm:spec_decode_efficiency',
    type: 'gauge',
    unit: 'fraction',
    requires: SPECULATIVE,
    v0: [
      { since: '0.6.0', help: 'Speculative decoding system efficiency.' },
      { since: '0.10.0', state: 'removed' },
    ],
  },
  {
    name: 'vllm:spec_decode_num_emitted_tokens_total',
    type: 'counter',
    unit: 'tokens',
    requires: SPECULATIVE,
    use: 'vllm:spec_decode_num_accepted_tokens_total + vllm:spec_decode_num_drafts_total',
    v0: [
      { since: '0.6.0', help: 'Number of emitted tokens.' },
      { since: '0.10.0', state: 'removed' },
    ],
  },
  {
    name: 'vllm:spec_decode_num_drafts_total',
    type: 'counter',
    unit: 'count',
    requires: SPECULATIVE,
    v1: [{ since: '0.8.5', help: 'Number of spec decoding drafts.' }],
  },
  {
    name: 'vllm:spec_decode_num_draft_tokens_total',
    type: 'counter',
    unit: 'tokens',
    requires: SPECULATIVE,
    v0: [
      { since: '0.6.0', help: 'Number of draft tokens.' },
      { since: '0.10.0', state: 'removed' },
    ],
    v1: [
      { since: '0.8.3', always: true, help: 'Number of draft tokens.' },
      { since: '0.8.5', always: false },
    ],
  },
  {
    name: 'vllm:spec_decode_num_accepted_tokens_total',
    type: 'counter',
    unit: 'tokens',
    requires: SPECULATIVE,
    v0: [
      { since: '0.6.0', help: 'Number of accepted tokens.' },
      { since: '0.10.0', state: 'removed' },
    ],
    v1: [
      { since: '0.8.3', always: true, help: 'Number of accepted tokens.' },
      { since: '0.8.5', always: false },
    ],
  },
  {
    name: 'vllm:spec_decode_num_accepted_tokens_per_pos_total',
    type: 'counter',
    unit: 'tokens',
    labels: ['position'],
    requires: SPECULATIVE,
    v1: [{ since: '0.8.5', help: 'Accepted tokens per draft position.' }],
  },
  {
    name: 'vllm:diffusion_num_denoising_steps_total',
    type: 'counter',
    unit: 'count',
    requires: DIFFUSION,
    v1: [{ since: '0.24.0', help: 'Number of denoising steps.' }],
  },
  {
    name: 'vllm:diffusion_num_canvas_positions_total',
    type: 'counter',
    unit: 'count',
    requires: DIFFUSION,
    v1: [{ since: '0.24.0', help: 'Number of canvas positions evaluated.' }],
  },
  {
    name: 'vllm:diffusion_num_committed_tokens_total',
    type: 'counter',
    unit: 'tokens',
    requires: DIFFUSION,
    v1: [{ since: '0.24.0', help: 'Number of committed (finalized) tokens.' }],
  },
  {
    name: 'vllm:tool_call_parser_invocations_total',
    type: 'counter',
    unit: 'count',
    labels: ['mode', 'model_name', 'outcome', 'request_type'],
    ownLabels: true,
    requires: '--tool-call-parser',
    v1: [
      {
        since: '0.24.0',
        help: 'Total number of ToolParser invocations. Non-streaming increments once per choice; streaming increments once per delta.',
      },
    ],
  },
  {
    name: 'vllm:websocket_connections_active',
    type: 'gauge',
    unit: 'count',
    labels: [],
    ownLabels: true,
    requires: REALTIME,
    v1: [{ since: '0.18.0', help: 'Number of currently active WebSocket connections.' }],
  },
  {
    name: 'vllm:websocket_connections_total',
    type: 'counter',
    unit: 'count',
    labels: [],
    ownLabels: true,
    requires: REALTIME,
    v1: [{ since: '0.18.0', help: 'Total number of WebSocket connections.' }],
  },
  {
    name: 'vllm:websocket_connection_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    labels: [],
    ownLabels: true,
    requires: REALTIME,
    v1: [{ since: '0.18.0', help: 'Duration of WebSocket connections in seconds.', buckets: CONNECTION_SECONDS }],
  },
  {
    name: 'vllm:sleep_mode_operation_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    labels: ['operation'],
    ownLabels: true,
    requires: SLEEP,
    v1: [{ since: '0.32.0', help: 'Duration of one sleep-mode operation.', buckets: OPERATION_SECONDS }],
  },
  {
    name: 'vllm:sleep_mode_operations_in_flight',
    type: 'gauge',
    unit: 'count',
    labels: ['operation'],
    ownLabels: true,
    requires: SLEEP,
    v1: [{ since: '0.32.0', help: 'Sleep-mode operations currently awaited.' }],
  },
  {
    name: 'vllm:rl_weight_update_operation_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    labels: ['operation'],
    ownLabels: true,
    requires: 'online weight updates',
    v1: [{ since: '0.32.0', help: 'Duration of one weight-transfer operation.', buckets: OPERATION_SECONDS }],
  },
  {
    name: 'vllm:rl_weight_update_operations_in_flight',
    type: 'gauge',
    unit: 'count',
    labels: ['operation'],
    ownLabels: true,
    requires: 'online weight updates',
    v1: [{ since: '0.32.0', help: 'Weight-transfer operations currently awaited.' }],
  },
]
