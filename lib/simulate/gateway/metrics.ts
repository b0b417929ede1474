import type { ReplicaPool } from '../../../stack/apps/gateway/replicas.ts'
import type { Labels, Page, SampleVisitor } from '../scrape/page.ts'

/** As stack/apps/gateway/metrics.ts has them; a test holds the two against each other. */
const ROUTES = ['/v1/chat/completions', '/v1/completions', '/v1/models']
const INITIAL_CODES = [200, 400, 404, 499, 500, 502, 503]
const DURATION_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 240]
const DURATION = 'gateway_request_duration_seconds'

export interface GatewayMetrics {
  request(code: number, route: string, seconds: number): void
  upstream(pod: string, code: number): void
  failure(pod: string, reason: 'connect' | 'reset' | 'truncated'): void
  /** The counter of such evaluations, to be kept. */
  evaluations(flag: string, variant: string, reason: string): { value: number }
  inFlight(by: 1 | -1): void
  /** Removes the series of a pod that is gone for good. */
  forgetPod(pod: string): void
  readonly page: Page
}

export const createGatewayMetrics = (pool: ReplicaPool): GatewayMetrics => {
  const requests = counter('gateway_requests_total', ['code', 'route'])
  for (const route of ROUTES) for (const code of INITIAL_CODES) requests.child(String(code), route)
  const upstreamRequests = counter('gateway_upstream_requests_total', ['pod', 'code'])
  const failures = counter('gateway_upstream_failures_total', ['pod', 'reason'])
  const evaluations = counter('gateway_flag_evaluations_total', ['flag', 'variant', 'reason'])
  const durations = new Map<string, Duration>()
  const gauges = { reload: 1, inFlight: 0 }
  const none: Labels = {}
  const podLabels = new Map<string, Labels>()
  const labelsOf = (pod: string): Labels => {
    const known = podLabels.get(pod) ?? { pod }
    podLabels.set(pod, known)
    return known
  }
  return {
    request: (code, route, seconds) => {
      requests.child(String(code), route).value++
      let duration = durations.get(route)
      if (duration === undefined) {
        duration = newDuration(route)
        durations.set(route, duration)
      }
      duration.observe(seconds)
    },
    upstream: (pod, code) => void upstreamRequests.child(pod, String(code)).value++,
    failure: (pod, reason) => void failures.child(pod, reason).value++,
    evaluations: evaluations.child,
    inFlight: (by) => {
      gauges.inFlight += by
    },
    forgetPod: (pod) => {
      upstreamRequests.forget(pod)
      failures.forget(pod)
    },
    page: {
      families: [
        ...[requests, upstreamRequests, failures, evaluations].map(({ name }) => name),
        DURATION,
        'gateway_flags_last_reload_success',
        'gateway_requests_in_flight',
        'gateway_ready_replicas',
        'gateway_upstream_in_flight',
      ],
      visit: (visitor) => {
        requests.visit(visitor)
        upstreamRequests.visit(visitor)
        failures.visit(visitor)
        for (const duration of durations.values()) duration.visit(visitor)
        evaluations.visit(visitor)
        visitor('gateway_flags_last_reload_success', none, gauges.reload)
        visitor('gateway_requests_in_flight', none, gauges.inFlight)
        const ready = pool.ready()
        visitor('gateway_ready_replicas', none, ready.length)
        for (const { name, inFlight } of ready) visitor('gateway_upstream_in_flight', labelsOf(name), inFlight)
      },
    },
  }
}

// --- Internal helpers ---

interface Child {
  labels: Labels
  value: number
}

/** Children by the values of their first label, and of the others: nothing has to be built to find one. */
const counter = (name: string, labelNames: readonly string[]) => {
  const byFirst = new Map<string, Map<string, Child>>()
  let children: Child[] = []
  const child = (first: string, second: string, third?: string): Child => {
    let others = byFirst.get(first)
    if (others === undefined) {
      others = new Map()
      byFirst.set(first, others)
    }
    const key = third === undefined ? second : `${second}\0${third}`
    const known = others.get(key)
    if (known !== undefined) return known
    const values = [first, second, third ?? '']
    const made = {
      labels: Object.fromEntries(labelNames.map((label, index) => [label, values[index] ?? ''])),
      value: 0,
    }
    others.set(key, made)
    children.push(made)
    return made
  }
  return {
    name,
    child,
    forget: (first: string): void => {
      byFirst.delete(first)
      const [label = ''] = labelNames
      children = children.filter(({ labels }) => labels[label] !== first)
    },
    visit: (visitor: SampleVisitor): void => {
      for (const { labels, value } of children) visitor(name, labels, value)
    },
  }
}

interface Duration {
  observe(seconds: number): void
  visit(visitor: SampleVisitor): void
}

const newDuration = (route: string): Duration => {
  const counts = DURATION_SECONDS.map(() => 0)
  const own: Labels = { route }
  const bounds = DURATION_SECONDS.map((le): Labels => ({ route, le: String(le) }))
  const infinite: Labels = { route, le: '+Inf' }
  let count = 0
  let sum = 0
  return {
    observe: (seconds) => {
      const bucket = DURATION_SECONDS.findIndex((bound) => seconds <= bound)
      if (bucket !== -1) counts[bucket] = (counts[bucket] ?? 0) + 1
      count++
      sum += seconds
    },
    visit: (visitor) => {
      let cumulative = 0
      for (const [bucket, labels] of bounds.entries()) {
        cumulative += counts[bucket] ?? 0
        visitor(`${DURATION}_bucket`, labels, cumulative)
      }
      visitor(`${DURATION}_bucket`, infinite, count)
      visitor(`${DURATION}_sum`, own, sum)
      visitor(`${DURATION}_count`, own, count)
    },
  }
}
