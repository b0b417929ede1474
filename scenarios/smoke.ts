import { at, defineScenario, ramp } from '../lib/core/scenario.ts'

/** The shortest whole drill: 50 users, one pod killed, two minutes. */
export default defineScenario({
  name: 'smoke',
  summary: 'One serving pod is killed under light load',
  load: { users: ramp().to(50, '5s').hold('2m'), workload: 'chat' },
  baseline: '15s',
  timeline: { kill: at('25s').fault('pod-kill').lasting('20s') },
  expect: { kill: { alerts: ['availability'], tolerates: ['queue', 'latency', 'throughput'] } },
  settle: '20s',
})
