import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clusterEnv, type ClusterInfo } from '../cluster/types.ts'
import { stateDirOf } from '../cluster/state-dir.ts'
import { stateRoot } from './context.ts'
import { runningCluster, runningTarget } from './target.ts'

/** Answers lists of pods as an API server does: one pod for each app, with the addresses of the moment. */
const apiServer = async (addresses: Record<string, string>) => {
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://api').searchParams
    const app = query.get('labelSelector')?.replace('app=', '') ?? ''
    const podIP = addresses[app]
    const pod = { metadata: { name: app }, status: { podIP, conditions: [{ type: 'Ready', status: 'True' }] } }
    const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: podIP === undefined ? [] : [pod] }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(list))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = Object(server.address())
  return { url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close().closeAllConnections() }
}

const kubeconfig = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  })

/** What a supervisor leaves in the state folder, with a process that lives for it. */
const fakeCluster = async (root: string, server: string): Promise<Disposable> => {
  const { id, info, kubeconfig: path, logs } = stateDirOf(root, 'one')
  const supervisor = spawn('sleep', ['60'], { env: { ...process.env, ...clusterEnv(id) } })
  await once(supervisor, 'spawn')
  await mkdir(id, { recursive: true })
  await writeFile(path, kubeconfig(server))
  const cluster: ClusterInfo = {
    name: 'one',
    stateDir: id,
    kubeconfig: path,
    apiServer: server,
    podNetwork: '127.1',
    nodes: [],
    logs,
    supervisorPid: supervisor.pid ?? 0,
  }
  await writeFile(info, JSON.stringify(cluster))
  return { [Symbol.dispose]: () => void supervisor.kill('SIGKILL') }
}

const context = (folder: string) => {
  const never = (): never => expect.fail('nothing is said or done')
  return {
    argv: [],
    env: { XDG_STATE_HOME: folder },
    out: never,
    err: never,
    status: never,
    isTerminal: false,
    columns: 80,
    colour: false,
    signal: new AbortController().signal,
    interrupted: () => false,
    onSecondInterrupt: never,
    holder: 'here/1/1',
  }
}

test('the target of a running cluster follows its pods', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-embedded-'))
  const addresses = { gateway: '127.1.0.2', prometheus: '127.1.0.3', alertmanager: '127.1.0.4' }
  using server = await apiServer(addresses)
  const here = context(folder.path)
  using _ = await fakeCluster(stateRoot(here.env), server.url)
  expect(await runningTarget(here, { name: 'one' })).toMatchObject({
    namespace: 'llm',
    url: 'http://127.1.0.2:8080',
    prometheus: 'http://127.1.0.3:9090',
    notifications: 'http://127.1.0.4:9099',
  })
  addresses.gateway = '127.1.0.9'
  expect(await runningTarget(here, { name: 'one' })).toMatchObject({ url: 'http://127.1.0.9:8080' })
})

test('a stack in pieces is an error of the target, and none for those who need the cluster alone', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-embedded-'))
  const here = context(folder.path)
  using server = await apiServer({ gateway: '127.1.0.2' })
  using _ = await fakeCluster(stateRoot(here.env), server.url)
  expect(runningCluster(here, 'one')).toMatchObject({ apiServer: server.url })
  await expect(runningTarget(here, { name: 'one' })).rejects.toMatchObject({ code: 'stack-not-ready' })
})

test('without a cluster, the hint starts the one that was asked for', () => {
  expect(() => runningCluster({ env: { XDG_STATE_HOME: '/nowhere' } }, 'other')).toThrow(
    expect.objectContaining({ code: 'cluster-not-running', hint: expect.stringContaining('up --name other`') }),
  )
})
