import { after, at, defineScenario, ramp, when } from '../lib/core/scenario.ts'

/** What users do to a fleet: nothing in the cluster is touched. */
export default defineScenario({
  name: 'crowd',
  summary: 'Twice the users come, and leave when the queue is long; then all of them send long documents',
  load: { users: ramp().to(700, '30s').hold('6m'), workload: 'chat', slo: { ttft: '2s', tpot: '150ms' } },
  baseline: '20s',
  timeline: {
    surge: at('55s').fault('load-surge', { factor: 2 }).lasting('50s'),
    // The impatient: whoever has to wait for long closes the page.
    leave: when('sum(vllm:num_requests_waiting) > 20')
      .heldFor('5s')
      .by('110s')
      .fault('client-aborts', { share: 0.3, afterMs: 4_000 })
      .lasting('20s')
      .overlapping('surge'),
    documents: after('surge', '60s').fault('long-context', { tokens: 1_500 }).lasting('40s'),
  },
  expect: {
    surge: { alerts: ['queue'], tolerates: ['cache', 'latency', 'throughput'], onset: '20s' },
    leave: { tolerates: ['queue', 'cache', 'latency', 'throughput'] },
    documents: { alerts: ['cache'], tolerates: ['queue', 'latency', 'throughput'], onset: '20s' },
  },
  settle: '20s',
})
