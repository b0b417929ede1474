import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type ClusterRef, findCluster, startCluster, type StartOptions, stopCluster } from '../lib/cluster/cluster.ts'
import { listeningIn } from '../lib/cluster/pod-network.ts'
import { clusterProcesses, signalProcess } from '../lib/cluster/reap.ts'
import type { ClusterInfo } from '../lib/cluster/types.ts'
import { apply } from '../lib/kube/apply.ts'
import { connect, type Kube } from '../lib/kube/client.ts'
import { toolPath } from '../lib/toolchain/tools.mjs'

// The life cycle with the real control plane and the real node agent; every case of it with stand-ins is in
// lib/cluster/cluster.test.ts.

const AGENT = fileURLToPath(new URL('../lib/cluster/node/main.ts', import.meta.url))
const PORT = 8_000
// Leaves a child behind that ignores SIGTERM: what a pod of a killed cluster may be.
const WEB = `
  require('node:child_process').spawn('/bin/sh', ['-c', 'trap "" TERM; sleep 1000'], { stdio: 'ignore' })
  require('node:http').createServer((_, response) => response.end(process.env.WORD)).listen(${PORT}, process.env.POD_IP)
  console.log('serving', process.env.WORD)`

let root: string
let ref: ClusterRef
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'firedrill-e2e-'))
  ref = { name: 'one', stateRoot: join(root, 'state') }
})
afterEach(async () => {
  await stopCluster(ref)
  await stopCluster({ ...ref, name: 'two' })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('a cluster runs pods, answers kubectl, fits into memory, and leaves nothing', async () => {
  const cluster = await startCluster(options())
  const kube = connect(cluster)
  const { items } = await kube.core.listNode()
  expect(items.map((node) => node.status?.conditions?.find(({ type }) => type === 'Ready')?.status)).toEqual([
    'True',
    'True',
  ])
  await deploy(kube, 'hello')
  expect(await answerOf(kube)).toBe('hello')
  expect(kubectl(cluster, 'logs', 'deployment/web')).toContain('serving hello')
  expect(controlPlaneMiB(cluster)).toBeLessThan(640)
  const stranger = ['--kubeconfig=/dev/null', `--server=${cluster.apiServer}`, '--token=guessed']
  const trust = `--certificate-authority=${join(cluster.stateDir, 'pki', 'ca.crt')}`
  expect(() => kubectl(cluster, 'get', 'pods', ...stranger, trust)).toThrow(/logged in|Unauthorized/)

  expect(await stopCluster(ref)).toBe(true)
  expectNothingLeft(cluster)
})

test.each(['everything', 'the supervisor'])('a start after kill -9 of %s begins anew', async (what) => {
  const old = await startCluster(options())
  await deploy(connect(old), 'old')
  const before = clusterProcesses(old.stateDir)
  for (const pid of what === 'everything' ? before : [old.supervisorPid]) signalProcess(pid, 'SIGKILL')

  const cluster = await startCluster(options())
  const now = clusterProcesses(cluster.stateDir)
  expect(now.filter((pid) => before.includes(pid))).toEqual([])
  const kube = connect(cluster)
  expect((await kube.core.listPodForAllNamespaces()).items).toEqual([])
  await deploy(kube, 'new')
  expect(await answerOf(kube)).toBe('new')
  await stopCluster(ref)
  expectNothingLeft(cluster)
})

test.each([500, 2_500])('an interrupt %i ms after the start leaves nothing', async (afterMs) => {
  const reason = new Error('interrupted')
  const interrupt = new AbortController()
  setTimeout(() => interrupt.abort(reason), afterMs)
  await expect(startCluster(options({ signal: interrupt.signal }))).rejects.toBe(reason)
  expect(clusterProcesses(join(ref.stateRoot, ref.name))).toEqual([])
  expect(existsSync(join(ref.stateRoot, ref.name))).toBe(false)
})

test('two clusters run the same pods side by side', async () => {
  const clusters = [await startCluster(options()), await startCluster(options({ name: 'two' }))]
  for (const [index, cluster] of clusters.entries()) await deploy(connect(cluster), `cluster ${index}`)
  expect(await Promise.all(clusters.map((cluster) => answerOf(connect(cluster))))).toEqual(['cluster 0', 'cluster 1'])
  await stopCluster({ ...ref, name: 'two' })
  expect(findCluster(ref)).toEqual(clusters[0])
})

// --- Internal helpers ---

const options = (more: Partial<StartOptions> = {}): StartOptions => {
  const capacity = { cpu: '4', memory: '8Gi', pods: '30' }
  return {
    ...ref,
    tools: { kube: toolPath('kube') },
    agent: { command: [process.execPath, AGENT] },
    images: { 'example/web': { command: [process.execPath, '-e', WEB] } },
    nodes: [
      { name: 'cpu-0', labels: {}, capacity },
      { name: 'gpu-0', labels: {}, capacity: { ...capacity, 'nvidia.com/gpu': '1' } },
    ],
    signal: new AbortController().signal,
    ...more,
  }
}

/** Two replicas that answer with the word; returns when both are ready. */
const deploy = async (kube: Kube, word: string): Promise<void> => {
  const labels = { app: 'web' }
  const env = [
    { name: 'WORD', value: word },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ]
  const readinessProbe = { httpGet: { path: '/', port: PORT }, periodSeconds: 1 }
  const container = { name: 'web', image: 'example/web:1', env, readinessProbe }
  const template = { metadata: { labels }, spec: { containers: [container] } }
  await apply(kube, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  })
  const ready = async (): Promise<number | undefined> =>
    (await kube.apps.readNamespacedDeployment({ name: 'web', namespace: 'default' })).status?.readyReplicas
  await expect.poll(ready, { timeout: 20_000, interval: 200 }).toBe(2)
}

const answerOf = async (kube: Kube): Promise<string> => {
  const { items } = await kube.core.listNamespacedPod({ namespace: 'default' })
  return (await fetch(`http://${items[0]?.status?.podIP}:${PORT}/`)).text()
}

const kubectl = ({ kubeconfig }: ClusterInfo, ...args: string[]): string =>
  execFileSync(toolPath('kube'), ['kubectl', ...args], {
    encoding: 'utf8',
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: 'pipe',
  })

/** Resident memory of etcd, API server and controllers. */
const controlPlaneMiB = ({ stateDir }: ClusterInfo): number =>
  clusterProcesses(stateDir)
    .filter((pid) => readlinkSync(`/proc/${pid}/exe`) === realpathSync(toolPath('kube')))
    .map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
    .reduce((sum, mib) => sum + mib, 0)

const expectNothingLeft = ({ stateDir, podNetwork, apiServer }: ClusterInfo): void => {
  expect(clusterProcesses(stateDir)).toEqual([])
  expect(existsSync(stateDir)).toBe(false)
  const table = readFileSync('/proc/net/tcp', 'utf8')
  expect(listeningIn(podNetwork, table)).toBe(false)
  const port = Number(new URL(apiServer).port).toString(16).toUpperCase().padStart(4, '0')
  expect(table).not.toMatch(new RegExp(`0100007F:${port} 00000000:0000 0A`))
}
