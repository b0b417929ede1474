import { after, at, defineScenario, ramp } from '../lib/core/scenario.ts'

/** The drill that `npm start` plays: three incidents while 1,000 users chat. */
export default defineScenario({
  name: 'quick',
  summary: 'A prompt template grows, a replica cannot come back for lack of GPU memory, a pod is killed',
  load: { users: ramp().to(1_000, '45s').hold('6m'), workload: 'chat', slo: { ttft: '2s', tpot: '150ms' } },
  baseline: '20s',

  timeline: {
    template: at('70s').fault('feature-flag', { flag: 'prompt-template', variant: 'v2' }).lasting('40s'),
    // Recovered is the flag, not yet the queue: alerts of it need some 35 s more to be quiet.
    hog: after('template', '40s').fault('gpu-memory-pressure', { restartVictim: true }).lasting('40s'),
    kill: after('hog', '30s').fault('pod-kill', { count: 1 }).lasting('20s'),
  },

  expect: {
    // The longer prompts fill the cache request by request.
    template: { alerts: ['cache'], tolerates: ['queue', 'latency', 'throughput'], onset: '20s' },
    hog: { alerts: ['queue', 'availability'], tolerates: ['latency', 'throughput', 'gpu'] },
    kill: { alerts: [['throughput', 'availability']], tolerates: ['queue', 'latency', 'throughput', 'availability'] },
  },

  settle: '20s',
  safety: { maxUnavailable: 1, stopWhen: 'sum(rate(gateway_requests_total{code=~"5.."}[30s])) > 200' },
})
