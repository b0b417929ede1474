/** Where a signal is read: the labels that a cluster's series carry. */
export interface SignalScope {
  namespace: string
  /** The serving container's name. */
  container: string
}

export interface Signal {
  summary: string
  /** One number now; nothing where no series speaks of it. */
  promql(scope: SignalScope): string
  /** What counts as a move: a change by more than both of these, in the signal's unit and as a share of what it was. */
  moved: { absolute: number; relative: number }
}

/**
 * What a fault says it moves, and what it says it leaves alone, in terms that any cluster with kube-state-metrics, vLLM (0.10 and
 * later), the gateway's metrics and dcgm-exporter has.
 */
export const SIGNALS = {
  'ready-replicas': {
    summary: 'Serving containers that are ready',
    promql: ({ namespace, container }) =>
      `sum(kube_pod_container_status_ready{namespace="${namespace}",container="${container}"})`,
    moved: { absolute: 0.5, relative: 0 },
  },
  restarts: {
    summary: 'Restarts of serving containers',
    promql: ({ namespace, container }) =>
      `sum(kube_pod_container_status_restarts_total{namespace="${namespace}",container="${container}"})`,
    moved: { absolute: 0.5, relative: 0 },
  },
  'targets-up': {
    summary: 'Serving pods that Prometheus can scrape',
    promql: ({ namespace }) => `sum(up{job="vllm",namespace="${namespace}"})`,
    moved: { absolute: 0.5, relative: 0 },
  },
  'ready-nodes': {
    summary: 'Nodes that are ready',
    promql: () => 'sum(kube_node_status_condition{condition="Ready",status="true"})',
    moved: { absolute: 0.5, relative: 0 },
  },
  'schedulable-nodes': {
    summary: 'Nodes that take pods',
    promql: () => 'count(kube_node_spec_unschedulable == 0)',
    moved: { absolute: 0.5, relative: 0 },
  },
  'requests-running': {
    summary: 'Requests that the engines work on',
    promql: ({ namespace }) => `sum(vllm:num_requests_running{namespace="${namespace}"})`,
    moved: { absolute: 2, relative: 0.3 },
  },
  'requests-waiting': {
    summary: 'Requests in the engines’ queues',
    promql: ({ namespace }) => `sum(vllm:num_requests_waiting{namespace="${namespace}"})`,
    moved: { absolute: 2, relative: 0.3 },
  },
  'kv-cache-usage': {
    summary: 'Share of the KV cache in use, of the fullest replica',
    promql: ({ namespace }) => `max(vllm:kv_cache_usage_perc{namespace="${namespace}"})`,
    moved: { absolute: 0.05, relative: 0.2 },
  },
  'kv-cache-series': {
    summary: 'Replicas whose KV cache usage can be read under its present name',
    promql: ({ namespace }) => `count(vllm:kv_cache_usage_perc{namespace="${namespace}"}) or vector(0)`,
    moved: { absolute: 0.5, relative: 0 },
  },
  'prefix-hit-rate': {
    summary: 'Share of prompt tokens found in the prefix cache',
    promql: ({ namespace }) =>
      `sum(rate(vllm:prefix_cache_hits_total{namespace="${namespace}"}[15s])) / sum(rate(vllm:prefix_cache_queries_total{namespace="${namespace}"}[15s]))`,
    moved: { absolute: 0.1, relative: 0.2 },
  },
  'working-replicas': {
    summary: 'Serving pods that generate tokens',
    promql: ({ namespace }) =>
      `count(rate(vllm:generation_tokens_total{namespace="${namespace}"}[15s]) > 0) or vector(0)`,
    moved: { absolute: 0.5, relative: 0 },
  },
  preemptions: {
    summary: 'Requests a second that lose their KV cache and are computed again',
    promql: ({ namespace }) => `sum(rate(vllm:num_preemptions_total{namespace="${namespace}"}[15s]))`,
    moved: { absolute: 0.5, relative: 0.5 },
  },
  'generated-tokens': {
    summary: 'Tokens generated a second',
    promql: ({ namespace }) => `sum(rate(vllm:generation_tokens_total{namespace="${namespace}"}[15s]))`,
    moved: { absolute: 5, relative: 0.3 },
  },
  'prompt-tokens': {
    summary: 'Mean length of a prompt in tokens',
    promql: ({ namespace }) =>
      `sum(rate(vllm:request_prompt_tokens_sum{namespace="${namespace}"}[15s])) / sum(rate(vllm:request_prompt_tokens_count{namespace="${namespace}"}[15s]))`,
    moved: { absolute: 50, relative: 0.3 },
  },
  'output-tokens': {
    summary: 'Mean length of an answer in tokens',
    promql: ({ namespace }) =>
      `sum(rate(vllm:request_generation_tokens_sum{namespace="${namespace}"}[15s])) / sum(rate(vllm:request_generation_tokens_count{namespace="${namespace}"}[15s]))`,
    moved: { absolute: 20, relative: 0.3 },
  },
  'time-to-first-token': {
    summary: 'Mean time to the first token as the engines see it, in seconds',
    promql: ({ namespace }) =>
      `sum(rate(vllm:time_to_first_token_seconds_sum{namespace="${namespace}"}[15s])) / sum(rate(vllm:time_to_first_token_seconds_count{namespace="${namespace}"}[15s]))`,
    moved: { absolute: 0.05, relative: 0.5 },
  },
  'inter-token-latency': {
    summary: 'Mean time between two tokens, in seconds',
    promql: ({ namespace }) =>
      `sum(rate(vllm:inter_token_latency_seconds_sum{namespace="${namespace}"}[15s])) / sum(rate(vllm:inter_token_latency_seconds_count{namespace="${namespace}"}[15s]))`,
    moved: { absolute: 0.005, relative: 0.3 },
  },
  'request-rate': {
    summary: 'Requests that the gateway answers a second',
    promql: ({ namespace }) => `sum(rate(gateway_requests_total{namespace="${namespace}"}[15s]))`,
    moved: { absolute: 1, relative: 0.3 },
  },
  'failed-requests': {
    summary: 'Requests a second that the gateway answers with 429 or 5xx',
    promql: ({ namespace }) =>
      `sum(rate(gateway_requests_total{namespace="${namespace}",code=~"429|5.."}[15s])) or vector(0)`,
    moved: { absolute: 0.1, relative: 0.5 },
  },
  'clients-gone': {
    summary: 'Requests a second whose client left before the answer’s end',
    promql: ({ namespace }) =>
      `sum(rate(gateway_requests_total{namespace="${namespace}",code="499"}[15s])) or vector(0)`,
    moved: { absolute: 0.1, relative: 0.5 },
  },
  'calls-per-request': {
    summary: 'Calls to engines for each request that the gateway answers',
    promql: ({ namespace }) =>
      `sum(rate(gateway_upstream_requests_total{namespace="${namespace}"}[15s])) / sum(rate(gateway_requests_total{namespace="${namespace}"}[15s]))`,
    moved: { absolute: 0.3, relative: 0.2 },
  },
  'busiest-replica': {
    summary: 'Share of the gateway’s requests in flight that one replica has',
    promql: ({ namespace }) =>
      `max(avg_over_time(gateway_upstream_in_flight{namespace="${namespace}"}[10s])) / sum(avg_over_time(gateway_upstream_in_flight{namespace="${namespace}"}[10s]))`,
    moved: { absolute: 0.15, relative: 0.2 },
  },
  'response-head-time': {
    summary: 'Mean time from a call to the response head, of the slowest replica, in seconds',
    promql: ({ namespace }) =>
      `max(sum by (pod, exported_pod) (rate(gateway_upstream_head_seconds_sum{namespace="${namespace}"}[15s])) / sum by (pod, exported_pod) (rate(gateway_upstream_head_seconds_count{namespace="${namespace}"}[15s])))`,
    moved: { absolute: 0.03, relative: 0.5 },
  },
  'unanswered-for': {
    summary: 'Age of the oldest call that an engine has not begun to answer, in seconds',
    promql: ({ namespace }) => `max(gateway_upstream_unanswered_seconds{namespace="${namespace}"})`,
    moved: { absolute: 2, relative: 0.5 },
  },
  'gpu-memory-used': {
    summary: 'GPU memory in use on all nodes, in MiB',
    promql: () => 'sum(DCGM_FI_DEV_FB_USED)',
    moved: { absolute: 500, relative: 0.005 },
  },
  'gpu-power': {
    summary: 'Power draw of all GPUs, in watts',
    promql: () => 'sum(DCGM_FI_DEV_POWER_USAGE)',
    moved: { absolute: 20, relative: 0.05 },
  },
  'gpu-clock': {
    summary: 'Lowest SM clock of all GPUs, in MHz',
    promql: () => 'min(DCGM_FI_DEV_SM_CLOCK)',
    moved: { absolute: 50, relative: 0.1 },
  },
  'gpu-temperature': {
    summary: 'Highest temperature of all GPUs, in degrees Celsius',
    promql: () => 'max(DCGM_FI_DEV_GPU_TEMP)',
    moved: { absolute: 10, relative: 0.1 },
  },
} as const satisfies Record<string, Signal>
export type SignalName = keyof typeof SIGNALS

export const signalOf = (name: SignalName): Signal => SIGNALS[name]

export interface Movement {
  signal: SignalName
  to: 'up' | 'down'
}

/** Whether a signal moved, and where to: null where a change is no more than noise. */
export const movement = (name: SignalName, before: number, after: number): Movement['to'] | null => {
  const { absolute, relative } = signalOf(name).moved
  const change = after - before
  if (Math.abs(change) <= Math.max(absolute, relative * Math.abs(before))) return null
  return change > 0 ? 'up' : 'down'
}
