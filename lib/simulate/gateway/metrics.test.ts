import { expect, test } from 'vitest'
import { createMetrics } from '../../../stack/apps/gateway/metrics.ts'
import { replicaPool } from '../../../stack/apps/gateway/replicas.ts'
import { createGatewayMetrics } from './metrics.ts'

const key = (name: string, labels: Readonly<Record<string, unknown>>): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${String(value)}`)
    .sort()
    .join()}}`

test('the simulated gateway has the series of the real one, with its values', async () => {
  const pool = replicaPool()
  pool.add({ uid: '1', name: 'vllm-1', host: '127.1.0.9' })
  const real = createMetrics(pool, { rules: () => 0 })
  const simulated = createGatewayMetrics(pool)
  const route = '/v1/chat/completions'
  for (const [code, seconds] of [
    [200, 0.3],
    [200, 71],
    [502, 500],
  ] as const) {
    real.requests.inc({ code, route })
    real.requestDuration.observe({ route }, seconds)
    simulated.requests(route).count(code, seconds)
  }
  real.upstreamRequests.inc({ pod: 'vllm-1', code: 200 })
  real.upstreamHead.observe({ pod: 'vllm-1' }, 0.03)
  simulated.upstream('vllm-1').count(200, 0.03)
  real.upstreamRetries.inc({ reason: 'slow' })
  simulated.retry('slow')
  real.upstreamFailures.inc({ pod: 'vllm-1', reason: 'truncated' })
  simulated.failure('vllm-1', 'truncated')
  real.flagEvaluations.inc({ flag: 'prompt-template', variant: 'off', reason: 'STATIC' })
  simulated.evaluations('prompt-template', 'off', 'STATIC').value++
  real.flagsLastReloadSuccess.set(1)
  real.requestsInFlight.inc()
  simulated.inFlight(1)

  const expected = new Map<string, number>()
  for (const { name, values } of await real.registry.getMetricsAsJSON()) {
    if (!name.startsWith('gateway_')) continue
    for (const sample of values) {
      const own = 'metricName' in sample && typeof sample.metricName === 'string' ? sample.metricName : name
      expected.set(key(own, sample.labels), sample.value)
    }
  }
  const found = new Map<string, number>()
  simulated.page.visit((name, labels, value) => found.set(key(name, labels), value))
  expect(Object.fromEntries([...found].sort())).toEqual(Object.fromEntries([...expected].sort()))
})
