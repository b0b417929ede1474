import type { ReplicaPool } from '../../../stack/apps/gateway/replicas.ts'
import type { Labels, Page, SampleVisitor } from '../scrape/page.ts'

/** As stack/apps/gateway/metrics.ts has them; a test holds the two against each other. */
const ROUTES = ['/v1/chat/completions', '/v1/completions', '/v1/models']
const INITIAL_CODES = [200, 400, 404, 429, 499, 500, 502, 503]
const DURATION_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 240]
const DURATION = 'gateway_request_duration_seconds'
const HEAD_SECONDS = [0.025, 0.1, 0.5, 2.5, 10]
const HEAD = 'gateway_upstream_head_seconds'

/** What is counted of each answer of a route or a pod. Its series are there from the first answer on, and are looked up once. */
export class Answers {
  private readonly byCode = new Map<number, Child>()
  private times: Histogram | null = null
  private readonly counterOf: (code: string) => Child
  private readonly newTimes: () => Histogram

  constructor(counterOf: (code: string) => Child, newTimes: () => Histogram) {
    this.counterOf = counterOf
    this.newTimes = newTimes
  }

  /** One that came so long after the call. */
  count(code: number, seconds: number): void {
    let counter = this.byCode.get(code)
    if (counter === undefined) {
      counter = this.counterOf(String(code))
      this.byCode.set(code, counter)
    }
    counter.value++
    this.times ??= this.newTimes()
    this.times.observe(seconds)
  }
}

export interface GatewayMetrics {
  /** Of the finished requests of a route, to be kept. */
  requests(route: string): Answers
  /** Of a pod's response heads, to be kept until the pod is forgotten. */
  upstream(pod: string): Answers
  retry(reason: 'slow' | 'failed'): void
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
  const retries = counter('gateway_upstream_retries_total', ['reason'])
  for (const reason of ['slow', 'failed']) retries.child(reason, '')
  const durations = histograms(DURATION, 'route', DURATION_SECONDS)
  const heads = histograms(HEAD, 'pod', HEAD_SECONDS)
  const gauges = { reload: 1, inFlight: 0 }
  const none: Labels = {}
  const podLabels = new Map<string, Labels>()
  const labelsOf = (pod: string): Labels => {
    const known = podLabels.get(pod) ?? { pod }
    podLabels.set(pod, known)
    return known
  }
  return {
    requests: (route) =>
      new Answers(
        (code) => requests.child(code, route),
        () => durations.of(route),
      ),
    upstream: (pod) =>
      new Answers(
        (code) => upstreamRequests.child(pod, code),
        () => heads.of(pod),
      ),
    retry: (reason) => void retries.child(reason, '').value++,
    failure: (pod, reason) => void failures.child(pod, reason).value++,
    evaluations: evaluations.child,
    inFlight: (by) => {
      gauges.inFlight += by
    },
    forgetPod: (pod) => {
      upstreamRequests.forget(pod)
      failures.forget(pod)
      heads.forget(pod)
    },
    page: {
      families: [
        ...[requests, upstreamRequests, failures, retries, evaluations].map(({ name }) => name),
        DURATION,
        HEAD,
        'gateway_flags_last_reload_success',
        'gateway_requests_in_flight',
        'gateway_ready_replicas',
        'gateway_upstream_in_flight',
        'gateway_upstream_unanswered_seconds',
        'gateway_upstream_rules',
      ],
      visit: (visitor) => {
        requests.visit(visitor)
        upstreamRequests.visit(visitor)
        failures.visit(visitor)
        retries.visit(visitor)
        heads.visit(visitor)
        durations.visit(visitor)
        evaluations.visit(visitor)
        visitor('gateway_flags_last_reload_success', none, gauges.reload)
        visitor('gateway_requests_in_flight', none, gauges.inFlight)
        const ready = pool.ready()
        visitor('gateway_ready_replicas', none, ready.length)
        for (const { name, inFlight } of ready) visitor('gateway_upstream_in_flight', labelsOf(name), inFlight)
        // A simulated engine answers at once with its head, and no network fault is simulated.
        for (const { name } of pool.known()) visitor('gateway_upstream_unanswered_seconds', labelsOf(name), 0)
        visitor('gateway_upstream_rules', none, 0)
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

interface Histogram {
  observe(seconds: number): void
  visit(visitor: SampleVisitor): void
}

/** One for each value of a label. */
const histograms = (name: string, label: string, limits: readonly number[]) => {
  const byValue = new Map<string, Histogram>()
  return {
    of: (value: string): Histogram => {
      let known = byValue.get(value)
      if (known === undefined) {
        known = histogram(name, { [label]: value }, limits)
        byValue.set(value, known)
      }
      return known
    },
    forget: (value: string): void => void byValue.delete(value),
    visit: (visitor: SampleVisitor): void => {
      for (const one of byValue.values()) one.visit(visitor)
    },
  }
}

const histogram = (name: string, own: Labels, limits: readonly number[]): Histogram => {
  const counts = limits.map(() => 0)
  const bounds = limits.map((le): Labels => ({ ...own, le: String(le) }))
  const infinite: Labels = { ...own, le: '+Inf' }
  const names = { bucket: `${name}_bucket`, sum: `${name}_sum`, count: `${name}_count` }
  let count = 0
  let sum = 0
  return {
    observe: (seconds) => {
      let bucket = 0
      while (seconds > (limits[bucket] ?? Infinity)) bucket++
      if (bucket < limits.length) counts[bucket] = (counts[bucket] ?? 0) + 1
      count++
      sum += seconds
    },
    visit: (visitor) => {
      let cumulative = 0
      for (const [bucket, labels] of bounds.entries()) {
        cumulative += counts[bucket] ?? 0
        visitor(names.bucket, labels, cumulative)
      }
      visitor(names.bucket, infinite, count)
      visitor(names.sum, own, sum)
      visitor(names.count, own, count)
    },
  }
}
