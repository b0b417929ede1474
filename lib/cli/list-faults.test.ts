import { expect, test } from 'vitest'
import gpuMetrics from '../../chaos/capabilities/gpu-metrics.ts'
import kvCache from '../../chaos/capabilities/kv-cache.ts'
import { fakeApi } from '../../tests/support/fake-api.ts'
import type { Answers } from '../core/capability.ts'
import { connect } from '../kube/client.ts'
import { UNNAMED, works } from './list-faults.ts'

const NO_LOAD: Answers = {
  'load-client': { ok: false, reason: 'expected a run, found none' },
  'kv-cache': { ok: false, reason: 'expected its size, found none' },
  eviction: { ok: true, budgets: [] },
}

test('what needs the load of a run works in a run, and nothing else is laid at that', () => {
  expect(works({ requires: ['eviction'] }, NO_LOAD, [])).toEqual(['yes', ''])
  expect(works({ requires: ['load-client'] }, NO_LOAD, [])).toEqual(['in a run', 'expected a run, found none'])
  const both = works({ requires: ['load-client', 'kv-cache'] }, NO_LOAD, [])
  expect(both).toEqual(['no', 'expected its size, found none'])
  expect(works({ requires: ['load-client'] }, NO_LOAD, ['pods:delete'])).toEqual([
    'no',
    'expected the right to pods:delete, found that RBAC does not give it',
  ])
})

test('a Prometheus that was not asked has not answered that there is no such series', async () => {
  await using api = await fakeApi(() => null)
  const kube = connect({ kubeconfig: api.kubeconfig })
  const asking = { kube, namespace: 'llm', selector: 'a=b', pods: [], run: null }
  for (const { ask } of [gpuMetrics, kvCache]) {
    expect(await ask({ ...asking, observe: UNNAMED })).toEqual({
      ok: false,
      reason: expect.stringMatching(/^expected .* in Prometheus, found no answer: .*--prometheus/),
    })
    expect(await ask({ ...asking, observe: { query: async () => [] } })).toEqual({
      ok: false,
      reason: expect.stringMatching(/in Prometheus, found no such series$/),
    })
  }
})
