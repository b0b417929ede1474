import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { PooledKubeConfig } from '../../lib/kube/pooled-config.ts'
import { expect, test } from 'vitest'
import { FAULT_API_VERSION, FAULT_FINALIZER } from '../../lib/core/fault-resource.ts'
import { clientsOf } from '../../lib/kube/client.ts'
import { listen } from '../../tests/support/listen.ts'
import { healAll } from './heal-all.ts'

const heldIn = (namespace: string) => ({
  apiVersion: FAULT_API_VERSION,
  kind: 'Fault',
  metadata: { name: 'f', namespace, uid: namespace, finalizers: [FAULT_FINALIZER] },
  spec: { kind: 'pod-kill', target: { selector: 'app=vllm' }, durationSeconds: 1 },
  status: { phase: 'Failed' },
})

/** An API server with one Fault that is held in each of two namespaces; it lets nobody have the Lease of the first. */
const startServer = async () => {
  const faults: Record<string, object> = { shut: heldIn('shut'), open: heldIn('open') }
  const leases = new Map<string, unknown>()
  const answerTo = async (method = '', path: string, body: () => Promise<unknown>): Promise<[number, unknown]> => {
    const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1]
    if (path.includes('/leases')) {
      if (namespace === 'shut') return [403, { kind: 'Status', message: 'leases is forbidden' }]
      if (method !== 'GET') leases.set('open', await body())
      return leases.has('open') ? [200, leases.get('open')] : [404, {}]
    }
    if (namespace === undefined) return [200, { items: Object.values(faults) }]
    if (!path.endsWith('/f')) return [200, { items: [faults[namespace]] }]
    if (method === 'PUT') faults[namespace] = (await body()) as object
    return [200, faults[namespace]]
  }
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://server')
    // Nothing more happens.
    if (searchParams.has('watch')) return response.flushHeaders()
    const [status, body] = await answerTo(request.method, pathname, () => json(request))
    return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const { url, close } = await listen(server)
  const config = new PooledKubeConfig()
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u' })
  return { kube: clientsOf(config), leases, [Symbol.asyncDispose]: close }
}

test('a namespace where nobody may act is told of, and the others are healed', async () => {
  await using server = await startServer()
  const { healed, unhealed } = await healAll({ kube: server.kube, holder: 'h/1/1', timeoutMs: 10_000 })
  expect(healed).toEqual(['open/f'])
  expect(unhealed).toEqual([{ name: 'shut/f', reason: expect.stringContaining('leases is forbidden') }])
  // Stopped: its Lease is given back.
  expect(server.leases.get('open')).toMatchObject({ spec: { holderIdentity: '' } })
})
