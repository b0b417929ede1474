import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, stopCluster } from '../lib/cluster/cluster.ts'
import { until } from '../lib/core/until.ts'
import { connect, type Kube } from '../lib/kube/client.ts'
import { execCommand } from '../lib/kube/exec.ts'
import { toolPath } from '../lib/toolchain/tools.mjs'

const namespace = 'default'
const pod = 'shell'
const cluster = { name: 'exec-test', stateRoot: '' }
let kube: Kube
let kubeconfig: string

beforeAll(async () => {
  cluster.stateRoot = await mkdtemp(join(tmpdir(), 'firedrill-exec-'))
  const agent = fileURLToPath(new URL('../lib/cluster/node/main.ts', import.meta.url))
  const info = await startCluster({
    ...cluster,
    tools: { kube: toolPath('kube') },
    agent: { command: [execPath, agent] },
    images: { 'test/shell': { command: ['sh', '-c'], tools: { 'firedrill-tool': ['echo', "it's here"] } } },
    nodes: [{ name: 'node-0', labels: {}, capacity: { cpu: '8', memory: '32Gi', pods: '110' } }],
    signal: new AbortController().signal,
  })
  ;({ kubeconfig } = info)
  kube = connect({ kubeconfig })
  const container = { name: 'main', image: 'test/shell', args: ['sleep 600'], env: [{ name: 'COLOUR', value: 'red' }] }
  const body = { metadata: { name: pod }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } }
  await kube.core.createNamespacedPod({ namespace, body })
  const runs = async (): Promise<boolean> =>
    (await kube.core.readNamespacedPod({ namespace, name: pod })).status?.phase === 'Running'
  await until(runs, { what: 'the pod to run', timeoutMs: 60_000 })
})

afterAll(async () => {
  await stopCluster(cluster)
  await rm(cluster.stateRoot, { recursive: true, force: true })
})

const run = (script: string, more: { container?: string; timeoutMs?: number } = {}) =>
  execCommand(kube, {
    namespace,
    pod,
    container: 'main',
    command: ['sh', '-c', script],
    timeoutMs: 20_000,
    ...more,
  })

test('kubectl runs a command with stdin, and ends with its exit code', async () => {
  const script = 'echo $COLOUR; tr "\\0" " " < /proc/$FIREDRILL_PID1/cmdline; cat >&2; exit 7'
  const args = ['kubectl', '--kubeconfig', kubeconfig, 'exec', '-i', pod, '--', 'sh', '-c', script]
  const { exitCode, stdout, stderr } = await execa(toolPath('kube'), args, { input: 'told', reject: false })
  expect(exitCode).toBe(7)
  expect(stdout).toContain('red\nsh -c sleep 600')
  expect(stderr).toContain('told')
})

test('our own client gets output and exit code, and finds the tools of the image', async () => {
  const expected = { exitCode: 3, stdout: "red\nit's here too\n", stderr: 'oh\n' }
  expect(await run('echo $COLOUR; firedrill-tool too; echo oh >&2; exit 3')).toEqual(expected)
})

test('a refusal has its status, and a command that takes too long is given up', async () => {
  await expect(run('true', { container: 'none' })).rejects.toMatchObject({ code: 400 })
  await expect(run('sleep 60', { timeoutMs: 1_000 })).rejects.toThrow('did not end')
})

test('what a command leaves in the background outlives it, and ends with the container', async () => {
  const { stdout } = await run('setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $!')
  const pid = Number(stdout)
  expect(isRunning(pid)).toBe(true)
  await kube.core.deleteNamespacedPod({ namespace, name: pod })
  await until(async () => !isRunning(pid), { what: 'the process to end', timeoutMs: 30_000 })
})

// --- Internal helpers ---

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
