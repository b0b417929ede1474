import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect } from './client.ts'

test("a kubeconfig's tokenFile is read, relative to the kubeconfig", async () => {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.setHeader('content-type', 'application/json').end('{"kind":"PodList","apiVersion":"v1","items":[]}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const folder = await mkdtemp(join(tmpdir(), 'pooled-config-'))
  try {
    const kubeconfig = join(folder, 'config')
    const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true }
    const config = {
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'other' }, { name: 'u', user: { tokenFile: 'token' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }
    await writeFile(kubeconfig, JSON.stringify(config))
    await writeFile(join(folder, 'token'), 'secret\n')
    const kube = connect({ kubeconfig })
    await kube.core.listNamespacedPod({ namespace: 'llm' })
    expect(seen).toEqual(['Bearer secret'])
  } finally {
    server.close()
    server.closeAllConnections()
    await rm(folder, { recursive: true })
  }
})
