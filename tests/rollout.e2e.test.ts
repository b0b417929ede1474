import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import capability from '../chaos/capabilities/workload.ts'
import { askToEnd } from '../chaos/controller/ending.ts'
import { createFault, readFault } from '../chaos/controller/fault-store.ts'
import { workloadCalls } from '../chaos/controller/kube/workload.ts'
import { servingState } from '../chaos/controller/serving.ts'
import { systemClock } from '../lib/core/clock.ts'
import type { WorkloadChange } from '../lib/core/fault-kube/workload.ts'
import { FAULT_LABEL } from '../lib/core/fault-resource.ts'
import { until } from '../lib/core/until.ts'
import type { ControlPlane } from './support/control-plane.ts'
import { sharePlane } from './support/shared-plane.ts'
import { type Drill, startDrill } from './support/drill.ts'
import { faultOf, workloadNow } from './support/target.ts'

let plane: ControlPlane

sharePlane((started) => {
  plane = started
})

const patch = (namespace: string, body: object) =>
  plane.kube.apps.patchNamespacedDeployment({ namespace, name: 'vllm', body })
const deployment = (namespace: string) => plane.kube.apps.readNamespacedDeployment({ namespace, name: 'vllm' })
const engineOf = async (namespace: string) => (await deployment(namespace)).spec?.template.spec?.containers[0]

const ask = async (namespace: string, selector = 'app=vllm') => {
  const observe = { query: async () => [] }
  return capability.ask({ kube: plane.kube, namespace, selector, pods: [], observe, run: null })
}

/** Which ReplicaSet, by the hash of its template, keeps how many pods. */
const kept = async (namespace: string): Promise<Record<string, number>> => {
  const { items } = await plane.kube.apps.listNamespacedReplicaSet({ namespace })
  const sets = items.map(({ metadata, spec }) => [metadata?.labels?.['pod-template-hash'], spec?.replicas] as const)
  return Object.fromEntries(sets.filter(([, replicas]) => (replicas ?? 0) > 0))
}

/** The hand of a Fault that no controller looks at, and a change of the arguments that it may make. */
const hand = async ({ namespace }: Drill, name: string) => {
  const resource = await createFault(plane.kube, faultOf(namespace, name, { kind: 'crash-loop' }))
  const answer = await ask(namespace)
  if (!answer.ok) throw new Error(answer.reason)
  const { kind, name: workload, uid, container, args } = answer
  const ref = { kind, name: workload, uid, container }
  const change: WorkloadChange = { workload: ref, before: { args }, after: { args: [...(args ?? []), '--ours', '1'] } }
  return { calls: workloadCalls(plane.kube, resource), change, resource }
}

describe('a rollout goes back to the very pod template it came from', () => {
  test.for([
    ['back-crash', 'crash-loop', {}, 'CrashLoopBackOff'],
    ['back-slow', 'slow-start', {}, 'CrashLoopBackOff'],
    ['back-image', 'bad-rollout', {}, 'ErrImagePull'],
    ['back-readiness', 'bad-rollout', { what: 'readiness' }, null],
  ] as const)('%s: %s %j', async ([namespace, kind, params, reason]) => {
    await using drill = await startDrill(plane.kube, namespace, 100)
    const [before, sets] = [await workloadNow(plane.kube, namespace), await kept(namespace)]
    await drill.controller()
    const fault = await drill.create(faultOf(namespace, 'f', { kind, params, durationSeconds: 4 }))
    await drill.reached(fault, 'Active')
    expect(await workloadNow(plane.kube, namespace)).not.toEqual(before)
    const { status } = await drill.reached(fault, 'Recovered')
    expect(status).toMatchObject({ unavailable: 1, replicas: 3, evidence: { bit: true } })
    expect(status?.evidence?.facts['pods']).toEqual([expect.objectContaining({ ready: false, reason })])
    expect(await workloadNow(plane.kube, namespace)).toEqual(before)
    expect(await kept(namespace)).toEqual(sets)
  })

  test('scale-down: fewer pods are left, and their number comes back', async () => {
    await using drill = await startDrill(plane.kube, 'scale', 100)
    const before = await workloadNow(plane.kube, 'scale')
    await drill.controller()
    const asked = { kind: 'scale-down', params: { by: 2 }, durationSeconds: 3, maxUnavailable: 2 }
    const fault = await drill.create(faultOf('scale', 'f', asked))
    await drill.reached(fault, 'Active')
    await until(async () => (await servingState(plane.kube, 'scale', 'app=vllm')).pods.length === 1, {
      what: 'one pod to be left',
      timeoutMs: 10_000,
    })
    const { status } = await drill.reached(fault, 'Recovered')
    expect(status).toMatchObject({ unavailable: 2, evidence: { bit: true, facts: { replicas: 1 } } })
    expect(await workloadNow(plane.kube, 'scale')).toEqual(before)
    await drill.allReady()
  })

  test('benign-rollout: every pod is another one when it has recovered', async () => {
    await using drill = await startDrill(plane.kube, 'benign', 100)
    const names = async () => (await servingState(plane.kube, 'benign', 'app=vllm')).pods.map(({ name }) => name)
    const before = await names()
    await drill.controller()
    const fault = await drill.create(faultOf('benign', 'f', { kind: 'benign-rollout', durationSeconds: 300 }))
    const bites = async (): Promise<boolean> =>
      (await readFault(plane.kube, fault.metadata))?.status?.evidence?.bit === true
    await until(bites, { what: 'a new pod to be seen', timeoutMs: 60_000 })
    await askToEnd(plane.kube, fault, systemClock)
    expect((await drill.reached(fault, 'Recovered')).status?.evidence).toMatchObject({ bit: true })
    const after = await names()
    expect(after).toHaveLength(3)
    expect(after.filter((name) => before.includes(name))).toEqual([])
  })

  test('metric-rename: healed with the write, recovered when the engines of before are back', async () => {
    await using drill = await startDrill(plane.kube, 'rename', 100)
    const images = async () => (await servingState(plane.kube, 'rename', 'app=vllm')).pods.map(({ image }) => image)
    const before = await images()
    await drill.controller()
    const fault = await drill.create(faultOf('rename', 'f', { kind: 'metric-rename', durationSeconds: 300 }))
    await drill.reached(fault, 'Active')
    await drill.allReady()
    expect(await images()).toEqual(Array.from({ length: 3 }, () => 'vllm/vllm-openai:v0.9.1'))
    await askToEnd(plane.kube, fault, systemClock)
    await drill.reached(fault, 'Recovered')
    expect(await images()).toEqual(before)
  })

  test('what would take more pods at once than is allowed is refused', async () => {
    await using drill = await startDrill(plane.kube, 'radius', 100)
    await patch('radius', [{ op: 'replace', path: '/spec/strategy/rollingUpdate/maxUnavailable', value: 2 }])
    await drill.allReady()
    await drill.controller()
    const fault = await drill.create(faultOf('radius', 'f', { kind: 'crash-loop' }))
    expect((await drill.reached(fault, 'Failed')).status?.error).toMatch(
      'expected at most 1 serving pods unavailable, found 0 of 3 unavailable already and 2 planned',
    )
  })
})

describe('a change of the workload', () => {
  let drill: Drill
  const namespace = 'calls'
  beforeAll(async () => {
    drill = await startDrill(plane.kube, namespace, 100)
  })
  afterAll(() => drill?.[Symbol.asyncDispose]())

  test('carries its mark in the same write, which goes with the way back; twice is once', async () => {
    await drill.allReady()
    const before = await workloadNow(plane.kube, namespace)
    const { calls, change } = await hand(drill, 'twice')
    await calls.changeWorkload(change)
    const { metadata } = await deployment(namespace)
    expect(metadata?.labels).toEqual({ [FAULT_LABEL]: expect.stringMatching(/^twice-/) })
    expect((await engineOf(namespace))?.args).toEqual(change.after.args)
    await calls.changeWorkload(change)
    expect((await deployment(namespace)).metadata?.generation).toBe(metadata?.generation)
    await calls.restoreWorkload(change)
    await calls.restoreWorkload(change)
    expect(await workloadNow(plane.kube, namespace)).toEqual(before)
  })

  test('survives others who write at the same time', async () => {
    await drill.allReady()
    const { calls, change } = await hand(drill, 'crowd')
    const others = Array.from({ length: 15 }, (_, index) =>
      patch(namespace, [{ op: 'add', path: '/metadata/annotations/crowd', value: String(index) }]),
    )
    await Promise.all([...others, calls.changeWorkload(change)])
    expect((await engineOf(namespace))?.args).toEqual(change.after.args)
    await calls.restoreWorkload(change)
    expect((await engineOf(namespace))?.args).toEqual(change.before.args)
  })

  test('is refused where somebody writes between the look and the write, and made on what is there then', async () => {
    await drill.allReady()
    const first = await hand(drill, 'reader')
    const second = await hand(drill, 'writer')
    const custom = Object.create(plane.kube.custom)
    custom.getNamespacedCustomObject = async (
      of: Parameters<typeof plane.kube.custom.getNamespacedCustomObject>[0],
    ) => {
      const found: unknown = await plane.kube.custom.getNamespacedCustomObject(of)
      await second.calls.changeWorkload(second.change)
      return found
    }
    const interrupted = workloadCalls({ ...plane.kube, custom }, first.resource)
    await expect(interrupted.changeWorkload(first.change)).rejects.toThrow('the mark of writer-')
    await second.calls.restoreWorkload(second.change)
    expect((await engineOf(namespace))?.args).toEqual(second.change.before.args)
  })

  test("another fault's mark is neither overwritten nor taken off", async () => {
    await drill.allReady()
    const first = await hand(drill, 'first')
    const second = await hand(drill, 'second')
    await first.calls.changeWorkload(first.change)
    expect(await ask(namespace)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/found .* the fault first-/),
    })
    await expect(second.calls.changeWorkload(second.change)).rejects.toThrow('the mark of first-')
    await expect(second.calls.restartWorkload(second.change.workload, 'now')).rejects.toThrow('the mark of first-')
    await second.calls.restoreWorkload(second.change)
    expect((await engineOf(namespace))?.args).toEqual(first.change.after.args)
    await first.calls.restoreWorkload(first.change)
    await drill.allReady()
  })

  test("a deploy during the fault is kept: its own values, and the fault's none", async () => {
    await drill.allReady()
    const { calls, change } = await hand(drill, 'deploy')
    await calls.changeWorkload(change)
    const container = '/spec/template/spec/containers/0'
    const [args, image] = [['--model', 'new', '--ours', '1', '--more'], 'vllm/vllm-openai:v0.31.0']
    await patch(namespace, [
      { op: 'replace', path: `${container}/args`, value: args },
      { op: 'replace', path: `${container}/image`, value: image },
    ])
    await calls.restoreWorkload(change)
    expect(await engineOf(namespace)).toMatchObject({ image, args: ['--model', 'new', '--more'] })
    expect((await deployment(namespace)).metadata?.labels ?? {}).toEqual({})
    await drill.allReady()
  })

  test('a change between plan and injection is not overwritten', async () => {
    await drill.allReady()
    const { calls, change } = await hand(drill, 'late')
    await patch(namespace, [{ op: 'replace', path: '/spec/template/spec/containers/0/args', value: ['--theirs'] }])
    await expect(calls.changeWorkload(change)).rejects.toThrow('changed by somebody else')
    await calls.restoreWorkload(change)
    expect((await engineOf(namespace))?.args).toEqual(['--theirs'])
    await drill.allReady()
  })

  test('of a StatefulSet is made in the same way', async () => {
    const template = { metadata: { labels: { app: 'set' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
    const spec = { replicas: 3, serviceName: 'set', selector: { matchLabels: { app: 'set' } }, template }
    const body = { metadata: { name: 'set' }, spec }
    const { metadata } = await plane.kube.apps.createNamespacedStatefulSet({ namespace, body })
    const now = () => plane.kube.apps.readNamespacedStatefulSet({ namespace, name: 'set' })
    const { calls } = await hand(drill, 'set')
    const workload = { kind: 'StatefulSet', name: 'set', uid: metadata?.uid ?? '', container: 'c' } as const
    const change = { workload, before: { replicas: 3 }, after: { replicas: 1 } }
    await calls.changeWorkload(change)
    expect(await now()).toMatchObject({
      metadata: { labels: { [FAULT_LABEL]: expect.stringMatching(/^set-/) } },
      spec: { replicas: 1 },
    })
    await calls.restoreWorkload(change)
    expect((await now()).spec?.replicas).toBe(3)
    const at = '2026-01-01T00:00:00.000Z'
    await calls.restartWorkload(workload, at)
    const { generation } = (await now()).metadata ?? {}
    await calls.restartWorkload(workload, at)
    expect(await now()).toMatchObject({
      metadata: { generation },
      spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': at } } } },
    })
  })

  test('a workload that took the name is left alone, and so is none', async () => {
    await drill.allReady()
    const { calls, change } = await hand(drill, 'other')
    await calls.changeWorkload(change)
    const found = await deployment(namespace)
    await plane.kube.apps.deleteNamespacedDeployment({ namespace, name: 'vllm' })
    const gone = (): Promise<boolean> =>
      deployment(namespace).then(
        () => false,
        () => true,
      )
    await until(gone, { what: 'the Deployment to be gone', timeoutMs: 10_000 })
    await calls.restoreWorkload(change)
    await expect(calls.changeWorkload(change)).rejects.toThrow('found none')
    // As a GitOps tool would make it again: with everything that was on it, our mark included.
    const { labels = {} } = found.metadata ?? {}
    const body = { metadata: { name: 'vllm', labels }, ...(found.spec === undefined ? {} : { spec: found.spec }) }
    await plane.kube.apps.createNamespacedDeployment({ namespace, body })
    await calls.restoreWorkload(change)
    await expect(calls.changeWorkload(change)).rejects.toThrow('another one')
    expect((await engineOf(namespace))?.args).toEqual(change.after.args)
  })
})

describe('a target whose workload cannot be told, or not be put back', () => {
  let drill: Drill
  const namespace = 'refusals'
  beforeAll(async () => {
    drill = await startDrill(plane.kube, namespace, 100)
  })
  afterAll(() => drill?.[Symbol.asyncDispose]())
  const refused = (found: RegExp) => ({
    ok: false,
    reason: expect.stringMatching(
      new RegExp(`^expected one Deployment or StatefulSet at rest .*, found ${found.source}`),
    ),
  })

  test('at rest it tells all that a plan may need', async () => {
    expect(await ask(namespace)).toEqual({
      ok: true,
      kind: 'Deployment',
      name: 'vllm',
      uid: (await deployment(namespace)).metadata?.uid,
      container: 'vllm',
      replicas: 3,
      revision: Object.keys(await kept(namespace))[0],
      image: 'vllm/vllm-openai:v0.32.0',
      command: [],
      args: ['--model', 'tiny', '--max-num-seqs', '256'],
      env: [],
      ports: [{ name: 'http', containerPort: 8_000 }],
      startupProbe: expect.objectContaining({ failureThreshold: 90, periodSeconds: 10 }),
      readinessProbe: expect.objectContaining({ failureThreshold: 3 }),
      livenessProbe: null,
      atOnce: 1,
      autoscaler: null,
    })
    expect(await ask(namespace, 'app=none')).toMatchObject(refused(/no pods/))
  })

  test('its autoscaler is found; scale-down is refused for it, and nothing else', async () => {
    const spec = { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'vllm' } }
    const group = { group: 'autoscaling', version: 'v2', namespace, plural: 'horizontalpodautoscalers' }
    const body = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'hpa' }, spec }
    await plane.kube.custom.createNamespacedCustomObject({ ...group, body })
    expect(await ask(namespace)).toMatchObject({ ok: true, autoscaler: 'hpa' })
    const controller = await drill.controller()
    const fault = await drill.create(faultOf(namespace, 'scaled', { kind: 'scale-down' }))
    expect((await drill.reached(fault, 'Failed')).status?.error).toMatch(/HorizontalPodAutoscaler hpa/)
    await controller.stop()
    await plane.kube.custom.deleteNamespacedCustomObject({ ...group, name: 'hpa' })
  })

  test('paused, or a rollout under way', async () => {
    await patch(namespace, [{ op: 'add', path: '/spec/paused', value: true }])
    expect(await ask(namespace)).toMatchObject(refused(/Deployment vllm: its rollout is paused/))
    await patch(namespace, [
      { op: 'remove', path: '/spec/paused' },
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'a:firedrill-no-such-tag' },
    ])
    expect(await ask(namespace)).toMatchObject(refused(/Deployment vllm: a rollout of it is under way/))
    const image = 'vllm/vllm-openai:v0.32.0'
    await patch(namespace, [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: image }])
    await drill.allReady()
  })

  test('more owners than one, pods of nobody, and an owner of another kind', async () => {
    const containers = [{ name: 'c', image: 'i' }]
    const pod = { metadata: { name: 'bare', labels: { app: 'bare', set: 'both' } }, spec: { containers } }
    await plane.kube.core.createNamespacedPod({ namespace, body: pod })
    const owned = async (selector: string) =>
      (await servingState(plane.kube, namespace, selector)).pods.map((serving) => serving.owned)
    expect(await owned('app=bare')).toEqual([false])
    expect(new Set(await owned('app=vllm'))).toEqual(new Set([true]))
    expect(await ask(namespace, 'app=bare')).toMatchObject(refused(/pods that nobody owns/))
    expect(await ask(namespace, 'app in (vllm,bare)')).toMatchObject(
      refused(/(Deployment vllm and pods that nobody owns|pods that nobody owns and Deployment vllm)/),
    )
    const template = { metadata: { labels: { app: 'job' } }, spec: { restartPolicy: 'Never', containers } }
    await plane.kube.batch.createNamespacedJob({ namespace, body: { metadata: { name: 'job' }, spec: { template } } })
    const there = async (): Promise<boolean> =>
      (await plane.kube.core.listNamespacedPod({ namespace, labelSelector: 'app=job' })).items.length > 0
    await until(there, { what: 'a pod of the Job', timeoutMs: 10_000 })
    expect(await ask(namespace, 'app=job')).toMatchObject(refused(/Job job/))
  })
})
