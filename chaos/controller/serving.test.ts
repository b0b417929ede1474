import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import type { FaultResource } from '../../lib/core/fault-resource.ts'
import { seededRandom } from '../../lib/core/random.ts'
import { connect } from '../../lib/kube/client.ts'
import { type FakeAnswer, fakeApi, FORBIDDEN } from '../../tests/support/fake-api.ts'
import { faultOf } from '../../tests/support/target.ts'
import { EXAMPLES, SNAPSHOT } from '../faults/testing/examples.ts'
import { faults } from '../faults/registry.gen.ts'
import { unavailability } from './blast-radius.ts'
import { faultId } from './fault-id.ts'
import { servingState } from './serving.ts'

const FAULTS = '/apis/firedrill.dev/v1alpha1/namespaces/llm/faults'
const WORKLOAD = '/apis/apps/v1/namespaces/llm/deployments/vllm'
const PODS = '/api/v1/namespaces/llm/pods?'

/** In force on four replicas. */
const inForce = (kind: string, params = EXAMPLES[kind]?.at(-1) ?? {}): FaultResource => {
  const fault = faults[kind] ?? expect.fail(kind)
  const given = { params: fault.params.parse(params), target: SNAPSHOT, random: seededRandom(1), id: 'f-1', now: 1_000 }
  const planned = fault.plan({ ...given, durationMs: 30_000 })
  const plan = planned.ok ? JSON.parse(JSON.stringify(planned.plan)) : expect.fail(planned.reason)
  const { metadata, ...rest } = faultOf('llm', kind, { kind })
  return { ...rest, metadata: { ...metadata, uid: '0123456789' }, status: { phase: 'Active', plan } }
}

const workload = (mark: string | null, replicas: number): FakeAnswer => ({
  body: {
    metadata: {
      name: 'vllm',
      uid: 'uid-of-vllm',
      resourceVersion: '1',
      labels: mark === null ? {} : { 'firedrill.dev/fault': mark },
    },
    spec: { replicas, template: { spec: { containers: [] } } },
  },
})

const pod = (name: string) => ({
  metadata: { name, ownerReferences: [{ kind: 'Deployment', name: 'vllm', uid: 'uid-of-vllm', controller: true }] },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
})

interface Cluster {
  pods?: string[]
  workload: FakeAnswer
  faults: FaultResource[] | FakeAnswer
}

const clusterOf = ({ pods = [], workload: found, faults: list }: Cluster) =>
  fakeApi(({ url = '' }: IncomingMessage): FakeAnswer | null => {
    if (url.startsWith(PODS)) return { body: { items: pods.map(pod) } }
    if (url === WORKLOAD) return found
    if (url === FAULTS) return Array.isArray(list) ? { body: { items: list } } : list
    return null
  })

const stateOf = async (cluster: Cluster, selector = 'app=vllm') => {
  await using api = await clusterOf(cluster)
  return await servingState(connect({ kubeconfig: api.kubeconfig }), 'llm', selector)
}

const down = inForce('scale-down', { by: 4 })

test('replicas that were taken are missing while pods are left, and when none is', async () => {
  const three = inForce('scale-down', { by: 3 })
  const some = await stateOf({ pods: ['a'], workload: workload(faultId(three), 1), faults: [three] })
  expect(unavailability(some)).toEqual({ missing: 3, of: 4 })
  const none = await stateOf({ workload: workload(faultId(down), 0), faults: [inForce('crash-loop'), down] })
  expect(unavailability(none)).toEqual({ missing: 4, of: 4 })
})

test('of no pods, none are missing but for a fault in force on them, which has left its mark', async () => {
  const mark = faultId(down)
  expect((await stateOf({ workload: workload(null, 0), faults: [down] })).taken).toBe(0)
  expect((await stateOf({ workload: workload('another', 0), faults: [down] })).taken).toBe(0)
  expect((await stateOf({ workload: workload(mark, 0), faults: [down] }, 'app=other')).taken).toBe(0)
  const over: FaultResource = { ...down, status: { ...down.status, phase: 'Recovered' } }
  expect((await stateOf({ workload: workload(mark, 0), faults: [over] })).taken).toBe(0)
  expect((await stateOf({ workload: workload(mark, 0), faults: FORBIDDEN })).taken).toBe(0)
  expect((await stateOf({ workload: workload(mark, 0), faults: { status: 404, body: {} } })).taken).toBe(0)
})

test('the plan of a mark is asked for once', async () => {
  const loop = inForce('crash-loop')
  await using api = await clusterOf({ pods: ['a'], workload: workload(faultId(loop), 4), faults: [loop] })
  const kube = connect({ kubeconfig: api.kubeconfig })
  for (let look = 0; look < 3; look += 1) expect((await servingState(kube, 'llm', 'app=vllm')).taken).toBe(0)
  expect(api.seen.filter((request) => request === `GET ${FAULTS}`)).toHaveLength(1)
})
