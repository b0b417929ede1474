import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultKube } from '../chaos/controller/fault-kube.ts'
import { createFault } from '../chaos/controller/fault-store.ts'
import { installCrd } from '../chaos/controller/install.ts'
import { servingState } from '../chaos/controller/serving.ts'
import { snapshotTarget } from '../chaos/controller/snapshot.ts'
import { EXAMPLES } from '../chaos/faults/testing/examples.ts'
import { faults } from '../chaos/faults/registry.gen.ts'
import { systemClock } from '../lib/core/clock.ts'
import type { AnyFault, FaultKube } from '../lib/core/fault.ts'
import { parseFlags } from '../lib/core/flag-document.ts'
import { seededRandom } from '../lib/core/random.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { type Drill, startDrill } from './support/drill.ts'
import { FLAGS, faultOf, readFlags, readyPods } from './support/target.ts'

const namespace = 'faults'
const observe = { query: async () => [] }

let plane: ControlPlane
let drill: Drill

beforeAll(async () => {
  plane = await startControlPlane()
  await installCrd(plane.kube)
  drill = await startDrill(plane.kube, namespace, 100)
})

afterAll(async () => {
  await drill?.[Symbol.asyncDispose]()
  await plane?.stop()
})

const undone = async (): Promise<void> => {
  expect(parseFlags(await readFlags(plane.kube, namespace)).flags).toEqual(FLAGS.flags)
  expect((await plane.kube.batch.listNamespacedJob({ namespace })).items).toEqual([])
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

/** As the controller does it, on a Fault of its own that no controller looks at. */
const prepare = async (fault: AnyFault, params: Record<string, unknown>, name: string) => {
  const { pods } = await servingState(plane.kube, namespace, 'app=vllm')
  const resource = await createFault(plane.kube, faultOf(namespace, name, { kind: fault.name, params }))
  const asking = { kube: plane.kube, namespace, selector: 'app=vllm', pods, observe, run: null }
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
  return { plan: planned.plan, kube: faultKube(plane.kube, resource), ...context }
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
    await fault.heal(context)
    await fault.heal(context)
    await undone()
    await drill.allReady()
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
})
