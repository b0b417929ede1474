import { after, at, defineScenario, ramp } from '../lib/core/scenario.ts'

/** What no alert may speak of: nothing at all, and less GPU memory than usual but enough. */
export default defineScenario({
  name: 'controls',
  summary: 'Nothing is done, then a threshold is nearly reached: every alert stays quiet',
  load: { users: ramp().to(50, '5s').hold('4m'), workload: 'chat' },
  baseline: '15s',
  timeline: {
    calm: at('25s').fault('none').lasting('45s'),
    near: after('calm', '15s').fault('near-miss').lasting('60s'),
  },
  settle: '20s',
})
