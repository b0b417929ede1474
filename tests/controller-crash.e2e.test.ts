import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { healAll } from '../chaos/controller/heal-all.ts'
import { LEASE_NAME } from '../chaos/controller/controller.ts'
import { readFault } from '../chaos/controller/fault-store.ts'
import { parseFlags } from '../lib/core/flag-document.ts'
import { until } from '../lib/core/until.ts'
import { acquireLease } from '../lib/kube/lease.ts'
import { connect } from '../lib/kube/client.ts'
import { layCable } from './support/cable.ts'
import type { ControlPlane } from './support/control-plane.ts'
import { sharePlane } from './support/shared-plane.ts'
import { type Drill, startDrill } from './support/drill.ts'
import { FLAGS, faultOf, readFlags, readyPods } from './support/target.ts'

const NAMESPACE = 'crash'
const MAIN = fileURLToPath(new URL('support/controller-main.ts', import.meta.url))
const flip = { kind: 'feature-flag', params: { flag: 'prompt-template', variant: 'long' } }

let plane: ControlPlane
let drill: Drill

sharePlane((started) => {
  plane = started
})

beforeAll(async () => {
  drill = await startDrill(plane.kube, NAMESPACE)
})

afterAll(async () => {
  await drill?.[Symbol.asyncDispose]()
})

/** Resolves when it has killed itself, or `signal` has killed it. */
const crashingController = async (crashAt: string, cancelSignal?: AbortSignal): Promise<void> => {
  const options = {
    reject: false,
    timeout: 90_000,
    ...(cancelSignal === undefined ? {} : { cancelSignal, forceKillAfterDelay: 1 }),
  }
  const { signal, stderr, timedOut } = await execa('node', [MAIN, plane.kubeconfig, NAMESPACE, crashAt], {
    ...options,
    preferLocal: true,
    killSignal: 'SIGKILL',
  })
  expect({ signal, timedOut }, stderr).toEqual({ signal: 'SIGKILL', timedOut: false })
}

const deleteFault = (name: string): Promise<unknown> => {
  const type = { group: 'firedrill.dev', version: 'v1alpha1', plural: 'faults' }
  return plane.kube.custom.deleteNamespacedCustomObject({ ...type, namespace: NAMESPACE, name })
}

const nothingLeft = async (): Promise<void> => {
  expect(parseFlags(await readFlags(plane.kube, NAMESPACE)).flags).toEqual(FLAGS.flags)
  expect((await plane.kube.batch.listNamespacedJob({ namespace: NAMESPACE })).items).toEqual([])
  await drill.allReady()
}

describe('kill -9 of the controller', () => {
  test.for([
    { at: 'plan invoke', end: 'Recovered' },
    { at: 'plan ok', end: 'Recovered' },
    // Nobody knows how far it came: what may be there is healed, and the fault has failed.
    { at: 'inject invoke', end: 'Failed' },
    { at: 'inject ok', end: 'Recovered' },
    { at: 'heal invoke', end: 'Recovered' },
    { at: 'heal ok', end: 'Recovered' },
  ] as const)('at "$at": the next one ends it as $end', async ({ at, end }) => {
    const name = at.replace(' ', '-')
    const fault = await drill.create(faultOf(NAMESPACE, name, { ...flip, durationSeconds: 2 }))
    await crashingController(at)
    const controller = await drill.controller()
    const { status } = await drill.reached(fault, end)
    if (end === 'Failed') expect(status?.error).toBe('the controller was restarted during the injection')
    await nothingLeft()
    await controller.stop()
  })

  test('half-way through an injection: the Job that was created goes, the victim that was not yet deleted stays', async () => {
    const victims = await readyPods(plane.kube, NAMESPACE)
    const params = { restartVictim: true }
    drill.hold.jobs = true
    const fault = await drill.create(
      faultOf(NAMESPACE, 'half', { kind: 'gpu-memory-pressure', params, durationSeconds: 60 }),
    )
    const kill = new AbortController()
    const crashed = crashingController('never', kill.signal)
    const created = async (): Promise<boolean> =>
      (await plane.kube.batch.listNamespacedJob({ namespace: NAMESPACE })).items.length > 0
    await until(created, { what: 'the Job', timeoutMs: 60_000, everyMs: 20 })
    kill.abort()
    await crashed
    drill.hold.jobs = false
    expect((await readFault(plane.kube, fault.metadata))?.status?.phase).toBe('Injecting')
    const controller = await drill.controller()
    await drill.reached(fault, 'Failed')
    await nothingLeft()
    expect(await readyPods(plane.kube, NAMESPACE)).toEqual(victims)
    await controller.stop()
  })

  test('heal, from anywhere: everything in force ends, its record stays', async () => {
    const fault = await drill.create(faultOf(NAMESPACE, 'left', { ...flip, durationSeconds: 600 }))
    await crashingController('inject ok')
    expect(parseFlags(await readFlags(plane.kube, NAMESPACE)).flags).not.toEqual(FLAGS.flags)
    const started = performance.now()
    expect(await healAll({ kube: plane.kube, holder: 'somewhere/2/2' })).toEqual({
      healed: [`${NAMESPACE}/left`],
      unhealed: [],
    })
    // The dead holder's Lease was taken at once, not after its ten seconds.
    expect(performance.now() - started).toBeLessThan(5_000)
    expect((await readFault(plane.kube, fault.metadata))?.status).toMatchObject({
      phase: expect.stringMatching('Healed|Recovered'),
      healed: expect.any(String),
    })
    await nothingLeft()
    // No controller runs any more, and nothing holds the record.
    await deleteFault('left')
    expect(await readFault(plane.kube, fault.metadata)).toBeNull()
  })

  test('heal lets go of what was healed and could not be deleted', async () => {
    const fault = await drill.create(faultOf(NAMESPACE, 'held', { ...flip, durationSeconds: 2 }))
    await crashingController('heal ok')
    await deleteFault('held')
    expect((await readFault(plane.kube, fault.metadata))?.status?.phase).toBe('Healed')
    const report = await healAll({ kube: plane.kube, holder: 'somewhere/3/3' })
    expect(report).toEqual({ healed: [`${NAMESPACE}/held`], unhealed: [] })
    expect(await readFault(plane.kube, fault.metadata)).toBeNull()
  })
})

describe('the Lease', () => {
  const lease = { namespace: NAMESPACE, name: LEASE_NAME }

  test('one acts, the other is refused, or waits and takes over', async () => {
    const first = await drill.controller({ holder: 'a/1/1' })
    await expect(drill.controller({ holder: 'b/1/1', whenHeld: 'refuse' })).rejects.toMatchObject({
      code: 'controller-running',
      message: expect.stringContaining('a/1/1'),
    })
    const waiting = drill.controller({ holder: 'b/1/1' })
    const fault = await drill.create(faultOf(NAMESPACE, 'shared', { ...flip, durationSeconds: 30 }))
    await drill.reached(fault, 'Active')
    expect(await acquireLease({ kube: plane.kube, ...lease, holder: 'c/1/1' })).toMatchObject({
      ok: false,
      heldBy: 'a/1/1',
    })
    await first.stop()
    const second = await waiting
    expect(await healAll({ kube: plane.kube, namespace: NAMESPACE, holder: 'd/1/1' })).toMatchObject({ unhealed: [] })
    await drill.reached(fault, 'Recovered')
    await second.stop()
    await nothingLeft()
  })

  test('who has lost it stops acting', async () => {
    const first = await drill.controller({ holder: 'a/1/1' })
    const there = await plane.kube.coordination.readNamespacedLease(lease)
    const spec = { ...there.spec, holderIdentity: 'thief/1/1' }
    await plane.kube.coordination.replaceNamespacedLease({ ...lease, body: { ...there, spec } })
    await expect.poll(() => drill.events.some(({ what }) => what === 'lease-lost'), { timeout: 10_000 }).toBe(true)
    const fault = await drill.create(faultOf(NAMESPACE, 'nobody', { ...flip, durationSeconds: 600 }))
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect((await readFault(plane.kube, fault.metadata))?.status?.phase ?? 'Pending').toBe('Pending')
    // Nothing of it was begun: it has no finalizer, and goes at once.
    await deleteFault('nobody')
    expect(await readFault(plane.kube, fault.metadata)).toBeNull()
    await first.stop()
  })
})

test('a controller cut off from the API server for longer than its Lease stops, comes back, and heals', async () => {
  await using cable = await layCable(plane.kubeconfig)
  const controller = await drill.controller({ kube: connect({ kubeconfig: cable.kubeconfig }), holder: 'cut/1/1' })
  const fault = await drill.create(faultOf(NAMESPACE, 'cut', { ...flip, durationSeconds: 3 }))
  await drill.reached(fault, 'Active')
  cable.cut()
  await expect.poll(() => drill.events.filter(({ what }) => what === 'lease-lost').length, { timeout: 20_000 }).toBe(2)
  expect((await readFault(plane.kube, fault.metadata))?.status?.phase).toBe('Active')
  cable.mend()
  await drill.reached(fault, 'Recovered')
  await controller.stop()
  await nothingLeft()
})
