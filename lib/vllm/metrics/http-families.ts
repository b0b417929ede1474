import { HTTP_HIGHR_SECONDS, HTTP_SECONDS } from './buckets.ts'
import type { Family } from './family.ts'

/** What prometheus-fastapi-instrumentator adds, with grouped status codes. */
export const HTTP_FAMILIES: readonly Family[] = [
  {
    name: 'http_requests_total',
    type: 'counter',
    help: 'Total number of requests by method, status and handler.',
    labels: ['handler', 'method', 'status'],
  },
  {
    name: 'http_request_size_bytes',
    type: 'summary',
    help: 'Content length of incoming requests by handler. Only value of header is respected. Otherwise ignored. No percentile calculated. ',
    labels: ['handler'],
  },
  {
    name: 'http_response_size_bytes',
    type: 'summary',
    help: 'Content length of outgoing responses by handler. Only value of header is respected. Otherwise ignored. No percentile calculated. ',
    labels: ['handler'],
  },
  {
    name: 'http_request_duration_highr_seconds',
    type: 'histogram',
    help: 'Latency with many buckets but no API specific labels. Made for more accurate percentile calculations. ',
    labels: [],
    buckets: HTTP_HIGHR_SECONDS,
  },
  {
    name: 'http_request_duration_seconds',
    type: 'histogram',
    help: 'Latency with only few buckets by handler. Made to be only used if aggregation by handler is important. ',
    labels: ['handler', 'method'],
    buckets: HTTP_SECONDS,
  },
]
