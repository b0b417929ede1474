import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clusterTarget } from '../chaos/controller/cluster-target.ts'
import { faultKube } from '../chaos/controller/fault-kube.ts'
import { createFault } from '../chaos/controller/fault-store.ts'
import { answering, needsOf, needsOfAsking } from '../chaos/controller/needs.ts'
import { servingState } from '../chaos/controller/serving.ts'
import { snapshotTarget } from '../chaos/controller/snapshot.ts'
import { faults } from '../chaos/faults/registry.gen.ts'
import { GATEWAY_LABELS } from '../chaos/network/gateway-pods.ts'
import { NETWORK_CHAOS, victimLabel } from '../chaos/network/network-chaos.ts'
import { NETWORK_POLICY, PARTITION_LABEL } from '../chaos/network/network-policy.ts'
import { systemClock } from '../lib/core/clock.ts'
import { seededRandom } from '../lib/core/random.ts'
import { until } from '../lib/core/until.ts'
import { limitedKube } from './support/account.ts'
import type { ControlPlane } from './support/control-plane.ts'
import { sharePlane } from './support/shared-plane.ts'
import { type Drill, startDrill } from './support/drill.ts'
import { networkChaosCrd } from './support/network-chaos-crd.ts'
import { faultOf, podMarks } from './support/target.ts'

const namespace = 'network'
const observe = { query: async () => [] }

let plane: ControlPlane
let drill: Drill

sharePlane((started) => {
  plane = started
})

beforeAll(async () => {
  drill = await startDrill(plane.kube, namespace, 100)
  // No gateway of ours: only what any cluster may have.
  await plane.kube.core.deleteNamespacedConfigMap({ namespace, name: 'upstream-faults' })
  await plane.kube.core.createNamespacedPod({
    namespace,
    body: { metadata: { name: 'gateway', labels: GATEWAY_LABELS }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  })
})

afterAll(async () => {
  await drill?.[Symbol.asyncDispose]()
})

let count = 0
beforeEach(() => {
  count += 1
})

const prepare = async (kind: 'net-delay' | 'net-loss' | 'net-partition', params: object = {}) => {
  const fault = faults[kind] ?? expect.fail(kind)
  const resource = await createFault(
    plane.kube,
    faultOf(namespace, `${kind}-${count}`, { kind, params: { ...params } }),
  )
  const { pods } = await servingState(plane.kube, namespace, 'app=vllm')
  const asking = { kube: plane.kube, namespace, selector: 'app=vllm', pods, observe, run: null }
  const target = await snapshotTarget(asking, fault)
  // Whoever has the rights for the means that the target has, and for no other.
  const needs = needsOf(fault, answering(target.can))
  const kube = faultKube(await limitedKube(plane, { namespace, name: resource.metadata.name, needs }), resource)
  const id = `${resource.metadata.name}-${resource.metadata.uid?.slice(0, 8)}`
  const random = seededRandom(1)
  const planned = fault.plan({
    params: fault.params.parse(params),
    target,
    random,
    id,
    now: Date.now(),
    durationMs: 30_000,
  })
  const acting = { kube, observe, injectedAt: Date.now(), clock: systemClock, signal: AbortSignal.timeout(30_000) }
  return { fault, id, pods, target, planned, context: { ...acting, plan: planned.ok ? planned.plan : null } }
}

const policies = async (): Promise<string[]> => {
  const list: unknown = await plane.kube.custom.listNamespacedCustomObject({ ...NETWORK_POLICY, namespace })
  return (list as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name)
}

const createPolicy = (name: string, podSelector: object, policyTypes = ['Ingress']) =>
  plane.kube.custom.createNamespacedCustomObject({
    ...NETWORK_POLICY,
    namespace,
    body: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name },
      spec: { podSelector, policyTypes },
    },
  })

const deletePolicy = (name: string) =>
  plane.kube.custom.deleteNamespacedCustomObject({ ...NETWORK_POLICY, namespace, name })

describe('a partition by NetworkPolicy', () => {
  test('selects the victim alone, keeps the gateway’s pods away, and leaves nothing', async () => {
    const { fault, id, context } = await prepare('net-partition')
    expect(context.plan).toMatchObject({ means: { by: 'network-policy' } })
    await fault.inject(context)
    await fault.inject(context)
    expect(await policies()).toEqual([id])
    const policy = await plane.kube.custom.getNamespacedCustomObject({ ...NETWORK_POLICY, namespace, name: id })
    expect(policy).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'Fault' }], labels: { 'firedrill.dev/fault': id } },
      spec: {
        podSelector: { matchLabels: { [PARTITION_LABEL]: id } },
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [
              { namespaceSelector: { matchExpressions: [{ operator: 'NotIn', values: [namespace] }] } },
              { podSelector: { matchExpressions: [{ key: 'firedrill.dev/gateway', operator: 'DoesNotExist' }] } },
            ],
          },
        ],
      },
    })
    const { items } = await plane.kube.core.listNamespacedPod({ namespace, labelSelector: `${PARTITION_LABEL}=${id}` })
    expect(context.plan).toMatchObject({ victim: { uid: items[0]?.metadata?.uid } })
    expect(items).toHaveLength(1)
    await fault.heal(context)
    await fault.heal(context)
    expect(await policies()).toEqual([])
    expect(await podMarks(plane.kube, namespace)).toEqual([])
  })

  test('is refused where another policy lets somebody in: only those that select the pod, for ingress', async () => {
    await createPolicy('egress', { matchLabels: { app: 'vllm' } }, ['Egress'])
    await createPolicy('others', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['vllm'] }] })
    expect((await prepare('net-partition')).planned.ok).toBe(true)
    count += 1
    await createPolicy('everybody', {})
    expect((await prepare('net-partition')).planned).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/expected no NetworkPolicy .*found everybody/),
    })
    for (const name of ['egress', 'others', 'everybody']) await deletePolicy(name)
  })

  test('heals what is its own only: another’s policy and label stay', async () => {
    const { fault, id, context } = await prepare('net-partition')
    await createPolicy(id, { matchLabels: { app: 'none' } })
    await expect(fault.inject(context)).rejects.toThrow('belongs to somebody else')
    const kube = context.kube
    await kube.deleteObject(NETWORK_POLICY, id)
    expect(await policies()).toEqual([id])
    await deletePolicy(id)
    await fault.heal(context)
  })

  test('needs pods that are labelled as the gateway’s', async () => {
    await plane.kube.core.deleteNamespacedPod({ namespace, name: 'gateway', gracePeriodSeconds: 0 })
    const { target } = await prepare('net-partition')
    expect(target.can['network-policies']).toMatchObject({
      reason: expect.stringMatching(/expected .*gateway=true.*found none/),
    })
    await plane.kube.core.createNamespacedPod({
      namespace,
      body: {
        metadata: { name: 'gateway', labels: GATEWAY_LABELS },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      },
    })
  })
})

test('delay and loss have no means without a gateway of ours and without Chaos Mesh', async () => {
  const { target, planned } = await prepare('net-delay')
  expect(target.can['upstream-faults']).toMatchObject({ ok: false })
  expect(target.can['network-chaos']).toMatchObject({ reason: expect.stringContaining('found no such API') })
  expect(planned.ok).toBe(false)
})

describe('Chaos Mesh', () => {
  beforeAll(async () => {
    await plane.kube.extensions.createCustomResourceDefinition({ body: networkChaosCrd })
    const served = (): Promise<boolean> =>
      plane.kube.custom.listNamespacedCustomObject({ ...NETWORK_CHAOS, namespace }).then(
        () => true,
        () => false,
      )
    await until(served, { what: 'the CRD', timeoutMs: 30_000 })
  })

  test.for([
    [
      'net-delay',
      { ms: 100, jitterMs: 10 },
      { action: 'delay', direction: 'to', delay: { latency: '100ms', jitter: '10ms', correlation: '0' } },
    ],
    ['net-loss', { percent: 12.5 }, { action: 'loss', direction: 'to', loss: { loss: '12.5', correlation: '0' } }],
    ['net-partition', {}, { action: 'partition', direction: 'both' }],
  ] as const)('%s is its object, which ends by its own duration, and is deleted', async ([kind, params, spec]) => {
    const { fault, id, pods, context } = await prepare(kind, params)
    expect(context.plan).toMatchObject({ means: { by: 'network-chaos' } })
    await fault.inject(context)
    await fault.inject(context)
    const made = await plane.kube.custom.getNamespacedCustomObject({ ...NETWORK_CHAOS, namespace, name: id })
    const victim = pods.find(({ uid }) => JSON.stringify(context.plan).includes(uid)) ?? expect.fail('no victim')
    const labels = { [victimLabel(id)]: victim.uid }
    const read = () => plane.kube.core.readNamespacedPod({ namespace, name: victim.name })
    expect((await read()).metadata?.labels).toMatchObject(labels)
    expect(made).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'Fault' }] },
      spec: {
        ...spec,
        mode: 'all',
        duration: '30s',
        selector: { namespaces: [namespace], labelSelectors: GATEWAY_LABELS },
        target: { mode: 'all', selector: { namespaces: [namespace], labelSelectors: labels } },
      },
    })
    expect(await fault.verify(context)).toMatchObject({ bit: false, reason: expect.stringContaining('Chaos Mesh') })
    const status = { experiment: {}, conditions: [{ type: 'AllInjected', status: 'True' }] }
    const body = { ...(made as object), status }
    await plane.kube.custom.replaceNamespacedCustomObject({ ...NETWORK_CHAOS, namespace, name: id, body })
    expect(await fault.verify(context)).toMatchObject({ bit: true })
    await fault.heal(context)
    await fault.heal(context)
    expect(await context.kube.readObject(NETWORK_CHAOS, id)).toBeNull()
    expect((await read()).metadata?.labels).not.toHaveProperty([victimLabel(id)])
  })

  test('is passed by for a NetworkPolicy by whoever may look for it and not use it', async () => {
    const fault = faults['net-partition'] ?? expect.fail('no net-partition')
    const { pods } = await servingState(plane.kube, namespace, 'app=vllm')
    const asking = { namespace, selector: 'app=vllm', pods, observe, run: null }
    const whole = await snapshotTarget({ ...asking, kube: plane.kube }, fault)
    expect(whole.can).toMatchObject({ 'network-chaos': { ok: true }, 'network-policies': { ok: true } })
    // As `firedrill rbac --fault net-partition --means network-policies` gives them.
    const has = (name: string): boolean => name === 'network-policies'
    const needs = [...needsOf(fault, has), ...needsOfAsking([fault], { has })]
    const kube = await limitedKube(plane, { namespace, name: 'policies', needs })
    const target = await snapshotTarget({ ...asking, kube }, fault)
    expect(target.can['network-chaos']).toMatchObject({ reason: expect.stringContaining('to use network-chaos') })
    const given = { params: fault.params.parse({}), target, random: seededRandom(1), id: 'f-1', now: Date.now() }
    expect(fault.plan({ ...given, durationMs: 30_000 })).toMatchObject({ plan: { means: { by: 'network-policy' } } })
    const clusters = clusterTarget({ kube, observe, clock: systemClock })
    const resource = faultOf(namespace, 'policies', { kind: fault.name })
    await clusters.requirePermitted(resource, fault, {})
    await clusters.requirePermitted(resource, fault, target.can)
  })
})
