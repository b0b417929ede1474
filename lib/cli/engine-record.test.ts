import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ClusterInfo } from '../cluster/types.ts'
import { recordEngine, requireSameEngine, startedWith } from './engine-record.ts'

const clusterIn = (folder: string): ClusterInfo => ({
  name: 'one',
  stateDir: folder,
  kubeconfig: join(folder, 'kubeconfig'),
  apiServer: 'https://127.0.0.1:6443',
  podNetwork: '127.1',
  nodes: [],
  logs: folder,
  supervisorPid: 1,
})

const engine = (vllm: string) => ({ vllm, real: { replicas: 1, args: [], env: {} } })

test('a cluster is only used with the engine that it runs', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-record-'))
  const cluster = clusterIn(folder.path)
  requireSameEngine(cluster, undefined)
  expect(() => requireSameEngine(cluster, engine('/opt/a/vllm'))).toThrow(
    'expected cluster "one" to have been started with /opt/a/vllm, found the emulated engine',
  )
  recordEngine(cluster, { engine: 'vllm', vllm: '/opt/a/vllm' })
  requireSameEngine(cluster, engine('/opt/a/vllm'))
  expect(() => requireSameEngine(cluster, engine('/opt/b/vllm'))).toThrow('/opt/b/vllm')
  expect(() => requireSameEngine(cluster, undefined)).toThrow('/opt/a/vllm')
})

test('where no cluster runs, none was started with anything', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-record-'))
  recordEngine(clusterIn(folder.path), { engine: 'vllm', vllm: '/opt/a/vllm' })
  expect(startedWith({ name: 'one', stateRoot: folder.path })).toBeNull()
})
