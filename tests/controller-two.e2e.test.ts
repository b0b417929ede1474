import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { parseFlags } from '../lib/core/flag-document.ts'
import type { ControlPlane } from './support/control-plane.ts'
import { sharePlane } from './support/shared-plane.ts'
import { startDrill } from './support/drill.ts'
import { FLAGS, faultOf, readFlags, readyPods } from './support/target.ts'

const MAIN = fileURLToPath(new URL('support/controller-main.ts', import.meta.url))
const LEASE_MS = 10_000
const flip = { kind: 'feature-flag', params: { flag: 'prompt-template', variant: 'long' } }

let plane: ControlPlane

sharePlane((started) => {
  plane = started
})

interface Process extends AsyncDisposable {
  /** What it has told so far: `fault/x inject ok`. */
  told: string[]
  /** Of faults only. */
  acts(): string[]
  send(signal: 'SIGKILL' | 'SIGCONT' | 'SIGSTOP'): void
}

/** A controller as a process; at one event it may send itself SIGSTOP. */
const startProcess = (namespace: string, stopAt = ''): Process => {
  const child = execa('node', [MAIN, plane.kubeconfig, namespace, stopAt, 'SIGSTOP'], {
    preferLocal: true,
    reject: false,
    stdin: 'ignore',
    buffer: false,
  })
  const told: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => told.push(line))
  return {
    told,
    acts: () => told.filter((line) => line.startsWith('fault/')),
    send: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child
    },
  }
}

const flags = async (namespace: string) => parseFlags(await readFlags(plane.kube, namespace)).flags

test('of two processes one acts; when it is killed, the other goes on', async () => {
  await using drill = await startDrill(plane.kube, 'two')
  await using first = startProcess(drill.namespace)
  await expect.poll(() => first.told, { timeout: 20_000 }).toContain('controller lease ok')
  await using second = startProcess(drill.namespace)
  await expect.poll(() => second.told, { timeout: 20_000 }).toContain('controller lease info')
  for (const name of ['a', 'b']) {
    const fault = await drill.create(faultOf(drill.namespace, name, { kind: 'pod-kill', durationSeconds: 1 }))
    await drill.reached(fault, 'Recovered')
  }
  const long = await drill.create(faultOf(drill.namespace, 'long', { ...flip, durationSeconds: 4 }))
  await drill.reached(long, 'Active')
  expect(first.acts()).toContain('fault/long inject ok')
  expect(second.acts()).toEqual([])
  first.send('SIGKILL')
  await drill.reached(long, 'Recovered')
  expect(second.acts()).toContain('fault/long heal ok')
  expect(await flags(drill.namespace)).toEqual(FLAGS.flags)
})

test('a process that stood still for longer than its Lease, half-way through an injection, does nothing more of it', async () => {
  await using drill = await startDrill(plane.kube, 'stopped')
  await using first = startProcess(drill.namespace, 'inject invoke')
  await expect.poll(() => first.told, { timeout: 20_000 }).toContain('controller lease ok')
  const fault = await drill.create(faultOf(drill.namespace, 'flip', { ...flip, durationSeconds: 60 }))
  await drill.reached(fault, 'Injecting')
  await using second = startProcess(drill.namespace)
  // Another may only take the Lease once it has run out: the first is there, and could go on any moment.
  await delay(LEASE_MS / 2)
  expect(second.told).not.toContain('controller lease ok')
  await drill.reached(fault, 'Failed')
  expect(second.acts()).toContain('fault/flip heal ok')
  const seen = first.told.length
  first.send('SIGCONT')
  await expect.poll(() => first.told, { timeout: 20_000 }).toContain('controller lease-lost info')
  const after = first.told.slice(seen).filter((line) => line.startsWith('fault/') && line.endsWith(' ok'))
  expect(after).toEqual([])
  expect(await flags(drill.namespace)).toEqual(FLAGS.flags)
  // The other acts on, and the first leaves it to it.
  const next = await drill.create(faultOf(drill.namespace, 'next', { ...flip, durationSeconds: 1 }))
  await drill.reached(next, 'Recovered')
  expect(first.told.filter((line) => line.startsWith('fault/next'))).toEqual([])
})

test('a victim that was replaced between plan and injection is gone, and no other pod is taken for it', async () => {
  await using drill = await startDrill(plane.kube, 'replaced')
  const { namespace } = drill
  await using first = startProcess(namespace, 'inject invoke')
  await expect.poll(() => first.told, { timeout: 20_000 }).toContain('controller lease ok')
  const fault = await drill.create(faultOf(namespace, 'kill', { kind: 'pod-kill', durationSeconds: 60 }))
  const { status } = await drill.reached(fault, 'Injecting')
  const [victim] = (status?.plan?.['victims'] as { name: string; uid: string }[]) ?? []
  if (victim === undefined) throw new Error('no victim')
  await plane.kube.core.deleteNamespacedPod({ namespace, name: victim.name, gracePeriodSeconds: 0 })
  await expect.poll(async () => (await readyPods(plane.kube, namespace)).includes(victim.uid)).toBe(false)
  await drill.allReady()
  const others = await readyPods(plane.kube, namespace)
  first.send('SIGCONT')
  await drill.reached(fault, 'Active')
  await delay(1_500)
  expect(await readyPods(plane.kube, namespace)).toEqual(others)
})
