import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ReplicaPool } from './replicas.ts'
import type { Links } from './upstream-faults/links.ts'

/** Paths that get a label value of their own; everything else is `other`, so that a scanner cannot make series. */
const ROUTES = ['/v1/chat/completions', '/v1/completions', '/v1/models'] as const

export const routeOf = (path: string): string => ROUTES.find((route) => route === path) ?? 'other'

/** What the client did, in the word of nginx: it went away before the answer was complete. */
export const CLIENT_CLOSED = 499

/** Present from the start, so that a rate over them is 0 and not nothing. */
const INITIAL_CODES = [200, 400, 404, 429, CLIENT_CLOSED, 500, 502, 503]

export type Metrics = ReturnType<typeof createMetrics>

export const createMetrics = (pool: ReplicaPool, links: Pick<Links, 'rules'>) => {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const requests = new Counter({
    name: 'gateway_requests_total',
    help: 'Finished requests. An answer that broke off counts as 502, one that the client left as 499.',
    labelNames: ['code', 'route'],
    registers,
  })
  for (const route of ROUTES) for (const code of INITIAL_CODES) requests.inc({ code, route }, 0)

  const upstreamRequests = new Counter({
    name: 'gateway_upstream_requests_total',
    help: 'Response heads received, by serving pod and status code.',
    labelNames: ['pod', 'code'],
    registers,
  })
  const upstreamFailures = new Counter({
    name: 'gateway_upstream_failures_total',
    help: 'Upstream calls that broke: connect (never reached), reset (before the response head), truncated (after it).',
    labelNames: ['pod', 'reason'],
    registers,
  })
  const upstreamHead = new Histogram({
    name: 'gateway_upstream_head_seconds',
    help: 'From an upstream call to its response head, by serving pod.',
    labelNames: ['pod'],
    buckets: [0.025, 0.1, 0.5, 2.5, 10],
    registers,
  })
  const upstreamRetries = new Counter({
    name: 'gateway_upstream_retries_total',
    help: 'Requests that were sent again because the flag retry-storm says so: slow (the answer was not complete) or failed.',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of ['slow', 'failed']) upstreamRetries.inc({ reason }, 0)
  const requestDuration = new Histogram({
    name: 'gateway_request_duration_seconds',
    help: 'From the request head to the last byte of the answer.',
    labelNames: ['route'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 240],
    registers,
  })
  const flagEvaluations = new Counter({
    name: 'gateway_flag_evaluations_total',
    help: 'Feature-flag evaluations: one per flag and request.',
    labelNames: ['flag', 'variant', 'reason'],
    registers,
  })
  const flagsLastReloadSuccess = new Gauge({
    name: 'gateway_flags_last_reload_success',
    help: '1 where the flag document in force is the one in the file.',
    registers,
  })
  const requestsInFlight = new Gauge({
    name: 'gateway_requests_in_flight',
    help: 'Requests whose answer is not complete.',
    registers,
  })
  for (const metric of [...poolMetrics(pool), rulesMetric(links)]) registry.registerMetric(metric)

  const forgetPod = async (pod: string): Promise<void> => {
    upstreamHead.remove({ pod })
    await Promise.all([removePod(upstreamRequests, pod), removePod(upstreamFailures, pod)])
  }

  return {
    registry,
    requests,
    upstreamRequests,
    upstreamFailures,
    upstreamHead,
    upstreamRetries,
    requestDuration,
    flagEvaluations,
    flagsLastReloadSuccess,
    requestsInFlight,
    /** Removes the series of a pod that is gone for good. */
    forgetPod,
  }
}

// --- Internal helpers ---

/** Read when scraped: the pool is the one that knows. */
const poolMetrics = (pool: ReplicaPool) => [
  new Gauge({
    name: 'gateway_ready_replicas',
    help: 'Serving pods that are ready, as the gateway sees them.',
    registers: [],
    collect() {
      this.set(pool.ready().length)
    },
  }),
  new Gauge({
    name: 'gateway_upstream_in_flight',
    help: 'Requests in flight, by serving pod.',
    labelNames: ['pod'],
    registers: [],
    collect() {
      this.reset()
      for (const { name, inFlight } of pool.ready()) this.set({ pod: name }, inFlight)
    },
  }),
  new Gauge({
    name: 'gateway_upstream_unanswered_seconds',
    help: 'Age of the oldest call whose response head has not come, by serving pod; 0 where there is none.',
    labelNames: ['pod'],
    registers: [],
    collect() {
      this.reset()
      const now = performance.now()
      for (const { name, unanswered } of pool.known()) {
        const [oldest] = unanswered
        this.set({ pod: name }, oldest === undefined ? 0 : (now - oldest.since) / 1_000)
      }
    },
  }),
]

const rulesMetric = (links: Pick<Links, 'rules'>) =>
  new Gauge({
    name: 'gateway_upstream_rules',
    help: 'Rules of network faults that are in force on connections to replicas.',
    registers: [],
    collect() {
      this.set(links.rules())
    },
  })

const removePod = async <Label extends string>(counter: Counter<Label | 'pod'>, pod: string): Promise<void> => {
  const { values } = await counter.get()
  for (const { labels } of values) if (labels.pod === pod) counter.remove(labels)
}
