import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath, kill } from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startCluster, stopCluster } from '../lib/cluster/cluster.ts'
import { CONTAINER_ENV } from '../lib/cluster/node/leftovers.ts'
import { pids, procEnv } from '../lib/cluster/node/proc.ts'
import { DOWN_ANNOTATION, OUTAGE_ANNOTATION, writeOutage } from '../lib/core/node-outage.ts'
import { until } from '../lib/core/until.ts'
import { connect, type Kube, orNull } from '../lib/kube/client.ts'
import { rawClient, type RawClient } from '../lib/kube/raw.ts'
import { toolPath } from '../lib/toolchain/tools.mjs'
import { commandLine } from './support/proc.ts'

const namespace = 'default'
const cluster = { name: 'node-outage-test', stateRoot: '' }
let kube: Kube
let api: RawClient
let stateDir: string

beforeAll(async () => {
  cluster.stateRoot = await mkdtemp(join(tmpdir(), 'firedrill-outage-'))
  const agent = fileURLToPath(new URL('../lib/cluster/node/main.ts', import.meta.url))
  const capacity = { cpu: '8', memory: '32Gi', pods: '110' }
  const info = await startCluster({
    ...cluster,
    tools: { kube: toolPath('kube') },
    agent: { command: [execPath, agent] },
    images: { 'test/shell': { command: ['sh', '-c'] } },
    nodes: ['west', 'east'].map((name) => ({ name, labels: {}, capacity })),
    signal: new AbortController().signal,
  })
  kube = connect({ kubeconfig: info.kubeconfig })
  api = rawClient(kube)
  stateDir = info.stateDir
})

afterAll(async () => {
  await stopCluster(cluster)
  await rm(cluster.stateRoot, { recursive: true, force: true })
})

/** A pod on each node, ready. */
beforeEach(async () => {
  for (const [name, node] of [
    ['left', 'west'],
    ['right', 'east'],
  ] as const) {
    if ((await orNull(kube.core.readNamespacedPod({ namespace, name }))) === null) await create(name, node)
    await until(() => isReady(name), { what: `${name} to be ready`, timeoutMs: 30_000, everyMs: 50 })
  }
})

test('a node without power falls silent, is missed after a while, and comes back as after a reboot', async () => {
  const [left, right] = [await pod('left'), await pod('right')]
  expect(await annotation('west', OUTAGE_ANNOTATION)).toBe('supported')
  const begun = Date.now()
  await takeDown('west', begun + 25_000)

  await until(async () => processesOf(left.metadata?.uid).length === 0, {
    what: 'its end',
    timeoutMs: 2_000,
    everyMs: 20,
  })
  await expect(kube.core.readNamespacedPodLog({ namespace, name: 'left' })).rejects.toThrow()
  expect(await kube.core.readNamespacedPodLog({ namespace, name: 'right' })).toContain('alive')
  // Nobody says that it is gone: it is missed.
  expect(await isReady('left')).toBe(true)
  const renewed = await renewTime('west')

  await until(async () => (await nodeReady('west')) === 'Unknown', { what: 'west to be missed', timeoutMs: 20_000 })
  expect(Date.now() - begun).toBeGreaterThan(10_000)
  expect(Date.now() - begun).toBeLessThan(20_000)
  await until(async () => !(await isReady('left')), { what: 'left to be missed', timeoutMs: 5_000 })
  expect(await renewTime('west')).toEqual(renewed)
  expect(processesOf(left.metadata?.uid)).toEqual([])
  expect((await pod('left')).status?.containerStatuses?.[0]?.restartCount).toBe(0)

  await until(async () => (await nodeReady('west')) === 'True', { what: 'west to be back', timeoutMs: 20_000 })
  expect(Date.now() - begun).toBeGreaterThan(25_000)
  expect(Date.now() - begun).toBeLessThan(30_000)
  await until(() => isReady('left'), { what: 'left to be back', timeoutMs: 10_000 })
  const after = await pod('left')
  expect(after.metadata?.uid).toBe(left.metadata?.uid)
  expect(after.status?.containerStatuses?.[0]?.restartCount).toBe(1)
  expect(processesOf(left.metadata?.uid)).not.toEqual([])
  await until(async () => (await annotation('west', DOWN_ANNOTATION)) === undefined, {
    what: 'no trace',
    timeoutMs: 5_000,
  })

  // The other one did not notice.
  expect(await nodeReady('east')).toBe('True')
  expect((await pod('right')).status?.containerStatuses).toEqual(right.status?.containerStatuses)
  await until(async () => (await taints('west')).length === 0, { what: 'its taints to go', timeoutMs: 10_000 })
})

test('the end of the annotation is the end of the outage; what was deleted or bound meanwhile is settled then', async () => {
  const left = await pod('left')
  await takeDown('west', Date.now() + 600_000)
  await until(async () => processesOf(left.metadata?.uid).length === 0, {
    what: 'its end',
    timeoutMs: 2_000,
    everyMs: 20,
  })
  await kube.core.deleteNamespacedPod({ namespace, name: 'left' })
  await create('late', 'west')
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  expect((await pod('left')).metadata?.deletionTimestamp).toBeDefined()
  expect((await pod('late')).status?.phase).toBe('Pending')

  await takeDown('west', null)
  const gone = async (): Promise<boolean> =>
    (await orNull(kube.core.readNamespacedPod({ namespace, name: 'left' }))) === null
  await until(gone, { what: 'left to be gone', timeoutMs: 5_000 })
  await until(() => isReady('late'), { what: 'late to run', timeoutMs: 5_000 })
  expect(await nodeReady('west')).toBe('True')
  await kube.core.deleteNamespacedPod({ namespace, name: 'late', gracePeriodSeconds: 0 })
})

test('an agent that is killed meanwhile goes on with the outage', async () => {
  const left = await pod('left')
  await takeDown('west', Date.now() + 20_000)
  await until(async () => processesOf(left.metadata?.uid).length === 0, {
    what: 'its end',
    timeoutMs: 2_000,
    everyMs: 20,
  })
  const [renewed, before] = [await renewTime('west'), await restarts('right')]
  const [pid = 0] = agents()
  kill(pid, 'SIGKILL')

  // The next one starts what it finds on the other node.
  await until(async () => (await restarts('right')) > before, { what: 'another agent', timeoutMs: 12_000, everyMs: 50 })
  expect(agents()).not.toContain(pid)
  expect(processesOf(left.metadata?.uid)).toEqual([])
  expect(await renewTime('west')).toEqual(renewed)
  await until(() => isReady('right'), { what: 'right to be back', timeoutMs: 10_000 })
  await until(async () => processesOf(left.metadata?.uid).length > 0, { what: 'left to be back', timeoutMs: 25_000 })
  await until(async () => (await nodeReady('west')) === 'True', { what: 'west to be back', timeoutMs: 5_000 })
})

test('a node that was missed for no reason, and its pods, are given back at once', async () => {
  const conditions = (status: string) => ({ body: { status: { conditions: [{ type: 'Ready', status }] } } })
  await api('PATCH', '/api/v1/nodes/east/status', { ...conditions('Unknown'), patch: 'strategic-merge' })
  await until(async () => (await nodeReady('east')) === 'True', {
    what: 'east to be back',
    timeoutMs: 5_000,
    everyMs: 50,
  })
  const path = `/api/v1/namespaces/${namespace}/pods/right/status`
  await api('PATCH', path, { ...conditions('False'), patch: 'strategic-merge' })
  await until(() => isReady('right'), { what: 'right to be back', timeoutMs: 5_000, everyMs: 50 })
})

// --- Internal helpers ---

const create = (name: string, nodeName: string) =>
  kube.core.createNamespacedPod({
    namespace,
    body: {
      metadata: { name },
      spec: {
        nodeName,
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'main', image: 'test/shell', args: ['echo alive; exec sleep 1000'] }],
      },
    },
  })

const pod = (name: string) => kube.core.readNamespacedPod({ namespace, name })

const isReady = async (name: string): Promise<boolean> =>
  (await pod(name)).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

const restarts = async (name: string): Promise<number> =>
  (await pod(name)).status?.containerStatuses?.[0]?.restartCount ?? 0

const nodeReady = async (name: string): Promise<string | undefined> =>
  (await kube.core.readNode({ name })).status?.conditions?.find(({ type }) => type === 'Ready')?.status

const annotation = async (name: string, key: string): Promise<string | undefined> =>
  (await kube.core.readNode({ name })).metadata?.annotations?.[key]

const taints = async (name: string) => (await kube.core.readNode({ name })).spec?.taints ?? []

const renewTime = async (name: string) =>
  (await kube.coordination.readNamespacedLease({ namespace: 'kube-node-lease', name })).spec?.renewTime

const takeDown = (name: string, end: number | null) => {
  const value = end === null ? null : writeOutage({ until: end, id: 'test-1' })
  const body = { metadata: { annotations: { [DOWN_ANNOTATION]: value } } }
  return api('PATCH', `/api/v1/nodes/${name}`, { body, patch: 'merge' })
}

/** Everything that runs of a pod, by the marker in its environment. */
const processesOf = (uid: string | undefined): number[] =>
  pids().filter((pid) => procEnv(pid)?.some((entry) => entry.startsWith(`${CONTAINER_ENV}=${uid}/`)))

/** This cluster's own. */
const agents = (): number[] =>
  pids().filter((pid) => {
    const [, script = '', config = ''] = commandLine(pid)
    return script.endsWith('/node/main.ts') && config.startsWith(stateDir)
  })
