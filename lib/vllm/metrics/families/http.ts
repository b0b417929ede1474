import { HTTP_HIGHR_SECONDS, HTTP_SECONDS } from '../buckets.ts'
import type { FamilyRecord } from '../family.ts'

/** What prometheus-fastapi-instrumentator adds, with grouped status codes; vLLM mounts it since 0.8.3. */
export const HTTP: readonly FamilyRecord[] = [
  {
    name: 'http_requests_total',
    type: 'counter',
    unit: 'requests',
    labels: ['handler', 'method', 'status'],
    ownLabels: true,
    v1: [{ since: '0.8.3', help: 'Total number of requests by method, status and handler.' }],
  },
  {
    name: 'http_request_size_bytes',
    type: 'summary',
    unit: 'bytes',
    labels: ['handler'],
    ownLabels: true,
    v1: [
      {
        since: '0.8.3',
        help: 'Content length of incoming requests by handler. Only value of header is respected. Otherwise ignored. No percentile calculated. ',
      },
    ],
  },
  {
    name: 'http_response_size_bytes',
    type: 'summary',
    unit: 'bytes',
    labels: ['handler'],
    ownLabels: true,
    v1: [
      {
        since: '0.8.3',
        help: 'Content length of outgoing responses by handler. Only value of header is respected. Otherwise ignored. No percentile calculated. ',
      },
    ],
  },
  {
    name: 'http_request_duration_highr_seconds',
    type: 'histogram',
    unit: 'seconds',
    labels: [],
    ownLabels: true,
    v1: [
      {
        since: '0.8.3',
        help: 'Latency with many buckets but no API specific labels. Made for more accurate percentile calculations. ',
        buckets: HTTP_HIGHR_SECONDS,
      },
    ],
  },
  {
    name: 'http_request_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    labels: ['handler', 'method'],
    ownLabels: true,
    v1: [
      {
        since: '0.8.3',
        help: 'Latency with only few buckets by handler. Made to be only used if aggregation by handler is important. ',
        buckets: HTTP_SECONDS,
      },
    ],
  },
]
