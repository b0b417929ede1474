import { httpFamilies, LATEST, type VllmVersion } from './exposed.ts'
import { createMetricSet } from './metric-set.ts'

export interface HttpObservation {
  /** The route's template, or `none` where no route matched. */
  handler: string
  method: string
  status: number
  /** Of the Content-Length headers; 0 where there is none, as in a stream. */
  requestBytes: number
  responseBytes: number
  /** Milliseconds, the whole stream included. */
  durationMs: number
}

export interface HttpMetrics {
  observe(observation: HttpObservation): void
  render(): string
}

/** prometheus-fastapi-instrumentator as vLLM mounts it. Its caller leaves out /metrics, /health, /load, /ping and /version. */
export const createHttpMetrics = (now: () => number, vllm: VllmVersion = LATEST): HttpMetrics => {
  const families = httpFamilies(vllm)
  // Before 0.8.3 there are none.
  if (families.length === 0) return { observe: () => undefined, render: () => '' }
  const set = createMetricSet({ families, now })
  const highr = set.distribution('http_request_duration_highr_seconds', {})
  return {
    observe: ({ handler, method, status, requestBytes, responseBytes, durationMs }) => {
      set.scalar('http_requests_total', { handler, method, status: `${Math.floor(status / 100)}xx` }).value++
      set.distribution('http_request_size_bytes', { handler }).observe(requestBytes)
      set.distribution('http_response_size_bytes', { handler }).observe(responseBytes)
      highr.observe(durationMs / 1_000)
      set.distribution('http_request_duration_seconds', { handler, method }).observe(durationMs / 1_000)
    },
    render: set.render,
  }
}
