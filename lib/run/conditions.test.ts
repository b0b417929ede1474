import { expect, test } from 'vitest'
import { UserError } from '../core/errors.ts'
import { Scenario, when } from '../core/scenario.ts'
import { requireAnswerable } from './conditions.ts'

const scenario = Scenario.parse({
  name: 'x',
  summary: 'x',
  load: { users: { stages: [{ to: 1, over: '1m' }] }, workload: 'chat' },
  timeline: {
    good: when('up').fault('pod-kill').lasting('5s'),
    bad: when('up >').fault('pod-kill').lasting('5s'),
  },
})
const { bad: _, ...timeline } = scenario.timeline

const prometheus = {
  query: async (promql: string) => {
    if (promql === 'up') return []
    throw new UserError({ code: 'prometheus-refused', message: 'unexpected end of input', hint: 'none' })
  },
}

test('conditions that Prometheus does not understand are told, with their places', async () => {
  await expect(requireAnswerable(scenario, prometheus, 'http://127.0.0.1:9090')).rejects.toMatchObject({
    code: 'condition-unanswerable',
    message: expect.stringContaining('✖ unexpected end of input\n  → at timeline.bad.when.promql'),
  })
  await requireAnswerable({ ...scenario, timeline }, prometheus, 'http://127.0.0.1:9090')
})

test('k6 cannot ask a Prometheus behind the API server', async () => {
  await expect(
    requireAnswerable({ ...scenario, timeline }, prometheus, 'svc/monitoring/prometheus:9090'),
  ).rejects.toMatchObject({ message: expect.stringContaining('for the conditions of good, found svc/monitoring') })
  await requireAnswerable({ ...scenario, timeline: {} }, prometheus, 'svc/monitoring/prometheus:9090')
})
