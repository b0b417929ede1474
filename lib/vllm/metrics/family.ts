/** One metric family as vLLM 0.32.0 exposes it (fixtures/vllm-0.32.0/metrics.txt). */
export interface Family {
  /** As exposed: counters end in `_total`, also where the Python code leaves that out. */
  name: string
  type: 'counter' | 'gauge' | 'histogram' | 'summary'
  help: string
  /** Sorted, as prometheus_client writes them; without `le`. */
  labels: readonly string[]
  /** Upper bounds without +Inf; `request-tokens` is 1-2-5 per decade up to the context length. */
  buckets?: readonly number[] | 'request-tokens'
}
