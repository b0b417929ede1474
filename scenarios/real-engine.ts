import { after, at, defineScenario, ramp } from '../lib/core/scenario.ts'

/** For real vLLM processes on a CPU (docs/engine.md): light load, and time for cold starts; it ends when its timeline has. */
export default defineScenario({
  name: 'real-engine',
  summary: 'Of a few real vLLM processes one cannot come back for lack of GPU memory, then one is killed',
  load: { users: ramp().to(50, '15s').hold('10m'), workload: 'chat' },
  baseline: '20s',
  timeline: {
    starve: at('45s').fault('gpu-memory-pressure', { restartVictim: true }).lasting('40s'),
    // The replica is back, its queue is not empty yet.
    kill: after('starve', '40s').fault('pod-kill').lasting('30s'),
  },
  expect: {
    starve: { alerts: ['availability'], tolerates: ['queue', 'latency', 'throughput', 'cache', 'gpu'] },
    kill: { alerts: ['availability'], tolerates: ['queue', 'latency', 'throughput', 'cache'] },
  },
  settle: '20s',
})
