/** What a recording keeps of `/metrics`: gauges and counters by their names, histograms as their count and sum. */
const KEPT = new Set([
  'vllm:num_requests_running',
  'vllm:num_requests_waiting',
  'vllm:kv_cache_usage_perc',
  'vllm:prefix_cache_queries_total',
  'vllm:prefix_cache_hits_total',
  'vllm:num_preemptions_total',
  'vllm:prompt_tokens_total',
  'vllm:generation_tokens_total',
  'vllm:request_success_total',
  'vllm:iteration_tokens_total_count',
  'vllm:iteration_tokens_total_sum',
  'vllm:time_to_first_token_seconds_count',
  'vllm:time_to_first_token_seconds_sum',
  'vllm:request_queue_time_seconds_count',
  'vllm:request_queue_time_seconds_sum',
])
const SAMPLE = /^([\w:]+)\{([^}]*)\} (\S+)$/
const LABEL = /(\w+)="([^"]*)"/g

/** The engine's and the model's labels are left out; what else tells series apart stays in the name. */
export const metricsRow = (exposition: string): Record<string, number> => {
  const row: Record<string, number> = {}
  for (const line of exposition.split('\n')) {
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? []
    if (!KEPT.has(name)) continue
    const own = [...labels.matchAll(LABEL)].filter(([, key]) => key !== 'engine' && key !== 'model_name')
    row[own.length === 0 ? name : `${name}{${own.map(([text]) => text).join(',')}}`] = Number(value)
  }
  return row
}

/** The labels of `vllm:cache_config_info`: how the server's KV cache is set. */
export const cacheConfig = (exposition: string): Record<string, string> => {
  const line = exposition.split('\n').find((text) => text.startsWith('vllm:cache_config_info{'))
  return Object.fromEntries([...(line ?? '').matchAll(LABEL)].map(([, key = '', value = '']) => [key, value]))
}
