import { at, defineScenario, requests } from '../lib/core/scenario.ts'

/** Requests that do not wait for answers: what a fault makes slow piles up, as it does behind real users. */
export default defineScenario({
  name: 'open-loop',
  summary: 'Poisson arrivals while one serving pod is killed',
  load: {
    arrivals: requests('poisson').to(8, '5s').hold('2m'),
    maxInFlight: 300,
    // The embedded target has the same processors as the load: restarts take them for a while.
    maxLag: '250ms',
    workload: 'chat',
    slo: { ttft: '2s', tpot: '100ms' },
  },
  baseline: '15s',
  timeline: { kill: at('25s').fault('pod-kill').lasting('20s') },
  expect: { kill: { alerts: ['availability'], tolerates: ['queue', 'latency', 'throughput'] } },
  settle: '20s',
})
