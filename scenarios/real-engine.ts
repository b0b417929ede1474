import { at, defineScenario, ramp } from '../lib/core/scenario.ts'

/** For real vLLM processes on a CPU (docs/engine.md): the smoke drill with time for a real cold start. */
export default defineScenario({
  name: 'real-engine',
  summary: 'One of a few real vLLM processes is killed under light load',
  load: { users: ramp().to(50, '15s').hold('5m'), workload: 'chat' },
  baseline: '15s',
  timeline: { kill: at('60s').fault('pod-kill').lasting('30s') },
  expect: { kill: { alerts: ['availability'], tolerates: ['queue', 'latency', 'throughput', 'cache'] } },
  settle: '20s',
})
