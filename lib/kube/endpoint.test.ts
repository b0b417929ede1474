import { createServer } from 'node:http'
import { KubeConfig } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import type { Kube } from './client.ts'
import { fetchVia, resolveEndpoint } from './endpoint.ts'

const kubeAt = (server: string, token = 'secret'): Kube => {
  const config = new KubeConfig()
  config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: true }, { name: 'u', token })
  // Endpoints need the configuration only.
  return { config } as Kube
}

/** Answers with what it was asked. */
const echo = async (): Promise<AsyncDisposable & { url: string }> => {
  const server = createServer((request, response) => {
    response.end(
      JSON.stringify({
        path: request.url,
        authorization: request.headers.authorization,
        tenant: request.headers['x-tenant'],
      }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close }
}

test('a Service or pod is reached through the API server, with the kubeconfig’s credentials', async () => {
  await using server = await echo()
  const kube = kubeAt(`${server.url}/`)
  const endpoint = resolveEndpoint(kube, 'svc/monitoring/prometheus:web', {
    'X-Tenant': 'a',
    Authorization: 'Bearer other',
  })
  expect(endpoint.url).toBe(`${server.url}/api/v1/namespaces/monitoring/services/prometheus:web/proxy`)
  expect(resolveEndpoint(kube, 'pod/llm/vllm-0:8000').url).toBe(
    `${server.url}/api/v1/namespaces/llm/pods/vllm-0:8000/proxy`,
  )
  const seen: unknown = await (await fetchVia(kube, endpoint)('/api/v1/query?query=up')).json()
  expect(seen).toEqual({
    path: '/api/v1/namespaces/monitoring/services/prometheus:web/proxy/api/v1/query?query=up',
    authorization: 'Bearer secret',
    tenant: 'a',
  })
})

test('any other URL gets the endpoint’s own headers and never the kubeconfig’s', async () => {
  await using server = await echo()
  const kube = kubeAt('https://127.0.0.1:1')
  const endpoint = resolveEndpoint(kube, `${server.url}/prom/`, { Authorization: 'Bearer own' })
  const seen: unknown = await (await fetchVia(kube, endpoint)('/-/ready', { headers: { 'x-tenant': 'b' } })).json()
  expect(seen).toEqual({ path: '/prom/-/ready', authorization: 'Bearer own', tenant: 'b' })
})

test.for(['prometheus', 'svc/monitoring/prometheus', 'ftp://x', 'svc/a/b:c:d'])('%s is no address', (address) => {
  expect(() => resolveEndpoint(kubeAt('https://127.0.0.1:1'), address)).toThrow('expected a URL')
})
