import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterTarget } from '../chaos/controller/cluster-target.ts'
import { faultKube } from '../chaos/controller/fault-kube.ts'
import { createFault } from '../chaos/controller/fault-store.ts'
import { evict, evicted } from '../chaos/eviction/evict.ts'
import { type Has, needsOf, needsOfAsking, ownNeedsOf } from '../chaos/controller/needs.ts'
import { servingState } from '../chaos/controller/serving.ts'
import { snapshotTarget } from '../chaos/controller/snapshot.ts'
import { EXAMPLES } from '../chaos/faults/testing/examples.ts'
import { faults } from '../chaos/faults/registry.gen.ts'
import type { Answers } from '../lib/core/capability.ts'
import { systemClock } from '../lib/core/clock.ts'
import type { AnyFault, FaultKube } from '../lib/core/fault.ts'
import { FAULT_LABEL } from '../lib/core/fault-resource.ts'
import { parseFlags } from '../lib/core/flag-document.ts'
import { OUTAGE_ANNOTATION } from '../lib/core/node-outage.ts'
import { seededRandom } from '../lib/core/random.ts'
import type { Kube } from '../lib/kube/client.ts'
import { limitedKube } from './support/account.ts'
import type { ControlPlane } from './support/control-plane.ts'
import { sharePlane } from './support/shared-plane.ts'
import { type Drill, startDrill } from './support/drill.ts'
import {
  faultOf,
  FLAGS,
  gpuExporter,
  podMarks,
  readFlags,
  readUpstreamRules,
  readyPods,
  workloadNow,
} from './support/target.ts'

const namespace = 'faults'
const observe = gpuExporter

let plane: ControlPlane
let drill: Drill
let workload: object

sharePlane((started) => {
  plane = started
})

beforeAll(async () => {
  drill = await startDrill(plane.kube, namespace, 100)
  workload = await workloadNow(plane.kube, namespace)
})

afterAll(async () => {
  await drill?.[Symbol.asyncDispose]()
})

const undone = async (): Promise<void> => {
  expect(await workloadNow(plane.kube, namespace)).toEqual(workload)
  expect(parseFlags(await readFlags(plane.kube, namespace)).flags).toEqual(FLAGS.flags)
  expect((await plane.kube.batch.listNamespacedJob({ namespace })).items).toEqual([])
  expect(await readUpstreamRules(plane.kube, namespace)).toEqual([])
  expect(await podMarks(plane.kube, namespace)).toEqual([])
  expect(plane.containers.stopped()).toEqual([])
  const nodes = (await plane.kube.core.listNode()).items
  expect(nodes.map(({ spec }) => spec?.unschedulable).filter(Boolean)).toEqual([])
  const annotations = nodes.flatMap(({ metadata }) => Object.keys(metadata?.annotations ?? {}))
  expect([...new Set(annotations)]).toEqual([OUTAGE_ANNOTATION])
}

/** Lets so many calls through, and fails at the next, as a process that dies there. */
const dyingAfter = (kube: FaultKube, calls: number): { kube: FaultKube; died(): boolean } => {
  let left = calls
  let died = false
  const proxy = new Proxy(kube, {
    get: (target, name: keyof FaultKube) => {
      if (left <= 0) {
        died = true
        throw new Error('died')
      }
      left -= 1
      return target[name].bind(target)
    },
  })
  return { kube: proxy, died: () => died }
}

/** Of the means of the network this target has one. */
const onTarget: Has = (name) => name !== 'network-chaos' && name !== 'network-policies'
const can: Answers = { 'upstream-faults': { ok: true, configMap: '', key: '' } }

/** Whoever has exactly the rights that the fault needs here, as `firedrill rbac --fault NAME --controller-only --means upstream-faults` gives them. */
const rights = new Map<string, Promise<Kube>>()
const kubeFor = (fault: AnyFault): Promise<Kube> => {
  const needs = [...needsOf(fault, onTarget), ...needsOfAsking([fault], { has: onTarget })]
  const kube = rights.get(fault.name) ?? limitedKube(plane, { namespace, name: fault.name, needs })
  rights.set(fault.name, kube)
  return kube
}

/** As the controller does it, on a Fault of its own that no controller looks at. */
const prepare = async (fault: AnyFault, params: Record<string, unknown>, name: string) => {
  const kube = await kubeFor(fault)
  const { pods } = await servingState(kube, namespace, 'app=vllm')
  const resource = await createFault(plane.kube, faultOf(namespace, name, { kind: fault.name, params }))
  // What is done to a run's load needs one.
  const asking = { kube, namespace, selector: 'app=vllm', pods, observe, run: 'test' }
  const target = await snapshotTarget(asking, fault)
  const given = { params: fault.params.parse(params), target, random: seededRandom(1), id: resource.metadata.name }
  const planned = fault.plan({
    ...given,
    id: `${name}-${resource.metadata.uid?.slice(0, 8)}`,
    now: Date.now(),
    durationMs: 60_000,
  })
  if (!planned.ok) throw new Error(planned.reason)
  const context = { observe, injectedAt: Date.now(), clock: systemClock, signal: AbortSignal.timeout(30_000) }
  return { plan: planned.plan, kube: faultKube(kube, resource), ...context, resource, planned }
}

describe.for(Object.values(faults))('$name', (fault) => {
  const params = EXAMPLES[fault.name]?.at(-1) ?? {}

  test('heals well without having been injected, and twice', async () => {
    const context = await prepare(fault, params, `${fault.name}-none`)
    const before = await readyPods(plane.kube, namespace)
    await fault.heal(context)
    await fault.heal(context)
    await undone()
    expect(await readyPods(plane.kube, namespace)).toEqual(before)
  })

  test('injects, also twice, and heals', async () => {
    const context = await prepare(fault, params, `${fault.name}-whole`)
    await fault.inject(context)
    await fault.inject(context)
    expect(await fault.verify(context)).toMatchObject({ bit: expect.any(Boolean), reason: expect.any(String) })
    await fault.heal(context)
    await fault.heal(context)
    await undone()
    await drill.allReady()
  })

  test('is rehearsed without a trace', async () => {
    const { resource, planned } = await prepare(fault, params, `${fault.name}-rehearsed`)
    const before = await readyPods(plane.kube, namespace)
    await clusterTarget({ kube: await kubeFor(fault), observe, clock: systemClock }).rehearse(resource, fault, planned)
    await undone()
    expect(await readyPods(plane.kube, namespace)).toEqual(before)
  })

  test.for(ownNeedsOf(fault, onTarget))('is refused by name without the right to %s', async (need) => {
    const needs = needsOf(fault, onTarget).filter((other) => other !== need)
    const name = `${fault.name}-${ownNeedsOf(fault, onTarget).indexOf(need)}`
    const kube = await limitedKube(plane, { namespace, name, needs })
    const target = clusterTarget({ kube, observe, clock: systemClock })
    const refusal = target.requirePermitted(faultOf(namespace, name, { kind: fault.name }), fault, can)
    await expect(refusal).rejects.toMatchObject({ code: 'not-permitted', message: expect.stringContaining(need) })
  })

  test('heals what an injection left that died at any of its calls', async () => {
    for (let calls = 0; ; calls += 1) {
      const context = await prepare(fault, params, `${fault.name}-half-${calls}`)
      const dying = dyingAfter(context.kube, calls)
      await fault.inject({ ...context, kube: dying.kube }).catch(() => undefined)
      await fault.heal(context)
      await undone()
      await drill.allReady()
      if (!dying.died()) break
      expect(calls).toBeLessThan(100)
    }
  })
})

describe('what a fault may do', () => {
  const own = async (name: string): Promise<FaultKube> =>
    faultKube(plane.kube, await createFault(plane.kube, faultOf(namespace, name, { kind: 'pod-kill' })))
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'shared-name', namespace },
    spec: {
      template: { spec: { nodeName: 'gpu-1', restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
    },
  }

  test('a pod that took the name of a victim is left alone', async () => {
    const kube = await own('uid')
    const [pod] = await kube.servingPods()
    if (pod === undefined) throw new Error('no pod')
    await kube.deletePod(pod.name, { uid: '00000000-0000-0000-0000-000000000000', gracePeriodSeconds: 0 })
    await kube.deletePod('never-was', { uid: pod.uid, gracePeriodSeconds: 0 })
    expect(await kube.alive([pod, { name: 'never-was', uid: pod.uid }])).toEqual([pod.name])
    expect(await kube.alive([{ name: pod.name, uid: 'another' }])).toEqual([])
  })

  test('a value that somebody changed since it was read is not overwritten', async () => {
    const kube = await own('stale')
    const text = await readFlags(plane.kube, namespace)
    await expect(kube.writeConfigMapKey('feature-flags', 'flags.json', '{}', `${text} `)).rejects.toThrow('conflict')
    expect(await readFlags(plane.kube, namespace)).toBe(text)
    expect(await kube.readConfigMapKey('feature-flags', 'none')).toBeNull()
    expect(await kube.readConfigMapKey('none', 'none')).toBeNull()
  })

  test("another fault's Job is neither taken for its own nor deleted", async () => {
    const [mine, other] = [await own('mine'), await own('other')]
    await mine.createJob(job)
    await mine.createJob(job)
    await expect(other.createJob(job)).rejects.toThrow('somebody else')
    await expect(other.deleteJob('shared-name')).rejects.toThrow('somebody else')
    await mine.deleteJob('shared-name')
    await expect.poll(() => mine.jobGone('shared-name'), { timeout: 10_000 }).toBe(true)
  })

  test('a disruption budget protects its pods, and says so', async () => {
    const kube = await own('budget')
    const [pod] = await kube.servingPods()
    if (pod === undefined) throw new Error('no pod')
    await protect()
    const refused = { accepted: false, reason: 'The disruption budget vllm needs 3 healthy pods and has 3 currently' }
    expect(await kube.evictPod(pod.name, { uid: pod.uid, dryRun: true })).toEqual(refused)
    expect(await kube.evictPod(pod.name, { uid: pod.uid })).toEqual(refused)
    expect(await kube.alive([pod])).toEqual([pod.name])

    const victims = [pod]
    const hand = { kube, clock: systemClock, signal: AbortSignal.timeout(30_000) }
    const begun = Date.now()
    await evict(victims, { patienceMs: 1_500 }, hand)
    expect(Date.now() - begun).toBeLessThan(5_000)
    expect((await evicted(victims, hand)).reason).toBe(
      `0 of 1 victims are evicted; ${pod.name} is protected: ${refused.reason}`,
    )
    await expect(prepare(faultNamed('pod-evict'), {}, 'budget-plan')).rejects.toThrow('disruption budget vllm')

    // It lets go while it is still being asked.
    const free = setTimeout(() => void removeBudget(), 500)
    await evict(victims, { patienceMs: 10_000 }, hand)
    clearTimeout(free)
    expect((await evicted(victims, hand)).reason).toBe('1 of 1 victims are evicted')
    expect(await kube.evictPod(pod.name, { uid: pod.uid })).toEqual({ accepted: true })
    await drill.allReady()
  })

  test('a pod that took the name of a victim is not evicted', async () => {
    const kube = await own('evict-uid')
    const [pod] = await kube.servingPods()
    if (pod === undefined) throw new Error('no pod')
    expect(await kube.evictPod(pod.name, { uid: '00000000-0000-0000-0000-000000000000' })).toEqual({ accepted: true })
    expect(await kube.alive([pod])).toEqual([pod.name])
  })

  test('a node that was cordoned before stays cordoned, and another fault’s mark is left alone', async () => {
    const fault = faultNamed('node-drain')
    const body = (unschedulable: boolean) => [{ op: 'add', path: '/spec/unschedulable', value: unschedulable }]
    await plane.kube.core.patchNode({ name: 'gpu-1', body: body(true) })
    const context = await prepare(fault, { node: 'gpu-1' }, 'cordoned')
    await fault.inject(context)
    const second = await prepare(fault, { node: 'gpu-1' }, 'cordoned-too').catch((error: unknown) => String(error))
    // The node has no ready pod any more, or still has and is marked.
    expect(second).toMatch(/drained by cordoned-|expected a ready pod/)
    await fault.heal({ ...context, plan: { ...Object(context.plan), id: 'somebody-else' } })
    expect((await context.kube.readNode('gpu-1'))?.annotations[FAULT_LABEL]).toBeDefined()
    await fault.heal(context)
    expect(await context.kube.readNode('gpu-1')).toMatchObject({
      unschedulable: true,
      annotations: { [OUTAGE_ANNOTATION]: 'supported' },
    })
    await plane.kube.core.patchNode({ name: 'gpu-1', body: body(false) })
    await undone()
    await drill.allReady()
  })

  test('a node of another UID is left alone', async () => {
    const kube = await own('node-uid')
    await kube.changeNode({ name: 'gpu-1', uid: 'another' }, () => ({ unschedulable: true }))
    await kube.changeNode({ name: 'none', uid: 'another' }, () => ({ unschedulable: true }))
    await undone()
  })
})

// --- Internal helpers ---

const faultNamed = (name: string): AnyFault => {
  const fault = faults[name]
  if (fault === undefined) throw new Error(`no fault ${name}`)
  return fault
}

const BUDGET = { group: 'policy', version: 'v1', namespace, plural: 'poddisruptionbudgets', name: 'vllm' }

/** No controller counts for it here: what the budget allows is written by hand. */
const protect = async (): Promise<void> => {
  const object = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'vllm' },
    spec: { minAvailable: 3, selector: { matchLabels: { app: 'vllm' } } },
  }
  const made: unknown = await plane.kube.custom.createNamespacedCustomObject({ ...BUDGET, body: object })
  const status = { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 3, desiredHealthy: 3, expectedPods: 3 }
  await plane.kube.custom.replaceNamespacedCustomObjectStatus({ ...BUDGET, body: { ...Object(made), status } })
}

const removeBudget = () => plane.kube.custom.deleteNamespacedCustomObject(BUDGET)
