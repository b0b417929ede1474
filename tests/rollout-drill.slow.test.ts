import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Controller, startController } from '../chaos/controller/controller.ts'
import { askToEnd } from '../chaos/controller/ending.ts'
import { createFault, readFault } from '../chaos/controller/fault-store.ts'
import { installCrd } from '../chaos/controller/install.ts'
import { systemClock } from '../lib/core/clock.ts'
import type { FaultResource } from '../lib/core/fault-resource.ts'
import { until } from '../lib/core/until.ts'
import { connect, type Kube } from '../lib/kube/client.ts'
import { prometheusClient } from '../lib/prometheus/client.ts'
import { stackTarget } from '../stack/target.ts'
import { type Entry, openEntry } from './support/entry.ts'
import { faultOf, workloadNow } from './support/target.ts'

const NAME = 'rollout-test'
const namespace = 'llm'
/** Of a heal: one write. The pods' cold starts come after it. */
const HEAL_MS = 5_000

let entry: Entry
let kube: Kube
let controller: Controller

beforeAll(async () => {
  entry = await openEntry(NAME)
  const { exitCode, stderr } = await entry.run('up', '--name', NAME)
  expect(exitCode, stderr).toBe(0)
  kube = connect({ kubeconfig: join(entry.stateRoot, NAME, 'kubeconfig') })
  await installCrd(kube, namespace)
  const { prometheus: url } = await stackTarget(kube, { embedded: true })
  const prometheus = prometheusClient({ endpoint: { url, headers: {} } })
  const observe = { query: (promql: string) => prometheus.query(promql) }
  controller = await startController({ kube, namespace, observe, holder: 'rollout-test', onEvent: () => undefined })
})

afterAll(async () => {
  await controller?.stop()
  await entry.run('down', '--name', NAME)
  await entry.remove()
})

/** The Fault as soon as it is as wanted. */
const reached = async (fault: FaultResource, what: string, isThere: (fault: FaultResource) => boolean) => {
  let now = fault
  const there = async (): Promise<boolean> => {
    now = (await readFault(kube, fault.metadata)) ?? expect.fail('the Fault is gone')
    if (now.status?.phase === 'Failed') throw new Error(now.status.error)
    return isThere(now)
  }
  await until(there, { what, timeoutMs: 120_000 }).catch((error: unknown) =>
    expect.fail(`${String(error)}: ${JSON.stringify(now.status)}`),
  )
  return now
}

/** Which ReplicaSet, by the hash of its template, keeps how many pods. */
const kept = async (): Promise<Record<string, number>> => {
  const { items } = await kube.apps.listNamespacedReplicaSet({ namespace, labelSelector: 'app=vllm' })
  const sets = items.map(({ metadata, spec }) => [metadata?.labels?.['pod-template-hash'], spec?.replicas] as const)
  return Object.fromEntries(sets.filter(([, replicas]) => (replicas ?? 0) > 0))
}

test.for([
  ['crash', 'crash-loop', {}, /1 of 1 new pods were started again/],
  ['slow', 'slow-start', {}, /1 of 1 new pods were killed before/],
  ['image', 'bad-rollout', {}, /1 of 1 new pods cannot become ready/],
  ['readiness', 'bad-rollout', { what: 'readiness' }, /1 of 1 new pods cannot become ready/],
  ['scale', 'scale-down', {}, /2 serving pods are left, 2 are asked for/],
  ['shrink', 'kv-shrink', {}, /1 replicas tell of \d+ blocks; before there were \d+/],
  ['rename', 'metric-rename', {}, /1 scraped replicas have no vllm:kv_cache_usage_perc/],
] as const)('%s: %s %j bites, and ends with the workload as it was', async ([name, kind, params, reason]) => {
  const [before, sets] = [await workloadNow(kube, namespace), await kept()]
  const fault = await createFault(kube, faultOf(namespace, name, { kind, params, durationSeconds: 300 }))
  const bitten = await reached(fault, `${kind} to bite`, ({ status }) => status?.evidence?.bit === true)
  expect(bitten.status?.evidence?.reason).toMatch(reason)
  expect(bitten.status).toMatchObject({ unavailable: 1 })
  expect(await workloadNow(kube, namespace)).not.toEqual(before)

  const asked = Date.now()
  await askToEnd(kube, fault, systemClock)
  const end = await reached(fault, `${kind} to be over`, ({ status }) => status?.phase === 'Recovered')
  expect(Date.parse(end.status?.healed ?? '') - asked).toBeLessThanOrEqual(HEAL_MS)
  expect(await workloadNow(kube, namespace)).toEqual(before)
  expect(await kept()).toEqual(sets)
})

test('benign-rollout replaces every pod, and none is missing when it has recovered', async () => {
  const pods = async () =>
    (await kube.core.listNamespacedPod({ namespace, labelSelector: 'app=vllm' })).items.map(
      ({ metadata }) => metadata?.uid,
    )
  const before = await pods()
  const fault = await createFault(kube, faultOf(namespace, 'benign', { kind: 'benign-rollout', durationSeconds: 5 }))
  const { status } = await reached(fault, 'benign-rollout to be over', (now) => now.status?.phase === 'Recovered')
  expect(status?.evidence).toMatchObject({ bit: true })
  const after = await pods()
  expect(after).toHaveLength(3)
  expect(after.filter((uid) => before.includes(uid))).toEqual([])
})
