import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Kube } from '../../../../lib/kube/client.ts'

export interface FakePod {
  name: string
  ip: string
  ready: boolean
}

export interface FakeKube {
  kube: Kube
  set(pod: FakePod): void
  remove(name: string): void
  /** `pods` requests so far, with their query. */
  requests: string[]
  close(): Promise<void>
}

/** A server that speaks list and watch of one namespace's pods, as the API server does. */
export const startFakeKube = async (): Promise<FakeKube> => {
  const pods = new Map<string, object>()
  const watchers = new Set<ServerResponse>()
  const requests: string[] = []
  let version = 1
  const tell = (type: string, object: object | undefined): void => {
    for (const watcher of watchers) watcher.write(`${JSON.stringify({ type, object })}\n`)
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://kube')
    requests.push(url.pathname + url.search)
    response.setHeader('content-type', 'application/json')
    if (url.searchParams.get('watch') === 'true') {
      response.flushHeaders()
      watchers.add(response)
      response.once('close', () => watchers.delete(response))
    } else {
      const metadata = { resourceVersion: String(version) }
      response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata, items: [...pods.values()] }))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const folder = await mkdtemp(join(tmpdir(), 'fake-kube-'))
  const kubeconfig = join(folder, 'config')
  await writeFile(kubeconfig, JSON.stringify(configFor(`http://127.0.0.1:${port}`)))
  return {
    kube: connect({ kubeconfig }),
    requests,
    set: (pod) => {
      version += 1
      const known = pods.has(pod.name)
      pods.set(pod.name, podObject(pod, version))
      tell(known ? 'MODIFIED' : 'ADDED', pods.get(pod.name))
    },
    remove: (name) => {
      tell('DELETED', pods.get(name))
      pods.delete(name)
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await rm(folder, { recursive: true })
    },
  }
}

// --- Internal helpers ---

const podObject = ({ name, ip, ready }: FakePod, version: number): object => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'llm', uid: `uid-${name}`, resourceVersion: String(version), labels: { app: 'vllm' } },
  status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})

// The client refuses plain HTTP unless told that TLS does not matter.
const configFor = (server: string): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'fake', user: {} }],
  contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
  'current-context': 'fake',
})
