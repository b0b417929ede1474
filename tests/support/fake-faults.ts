import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { FAULT_API_VERSION, FAULT_GROUP, FAULT_VERSION, FaultResource } from '../../lib/core/fault-resource.ts'
import { listen } from './listen.ts'

const version = { groupVersion: FAULT_API_VERSION, version: FAULT_VERSION }
const DISCOVERY: Record<string, unknown> = {
  '/api': { kind: 'APIVersions', versions: [] },
  '/apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [{ name: FAULT_GROUP, versions: [version], preferredVersion: version }],
  },
  [`/apis/${FAULT_API_VERSION}`]: {
    kind: 'APIResourceList',
    groupVersion: FAULT_API_VERSION,
    resources: [{ name: 'faults', namespaced: true, kind: 'Fault', verbs: ['get', 'create'] }],
  },
}

/** An API server that knows Faults only. Each is Active once created, and Recovered when its duration is over. */
export const startFakeFaults = async () => {
  const faults = new Map<string, { fault: FaultResource; createdAt: number }>()
  const path = `/apis/${FAULT_API_VERSION}/namespaces/llm/faults`

  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const url = request.url?.split('?')[0] ?? ''
    if (request.method === 'POST' && url === path) {
      const fault = FaultResource.parse(JSON.parse(await text(request)))
      if (fault.spec.kind === 'forbidden') return [403, status('Forbidden', 'faults "x" is forbidden: not here')]
      faults.set(fault.metadata.name, { fault, createdAt: Date.now() })
      return [201, fault]
    }
    const known = faults.get(url.slice(path.length + 1))
    if (known !== undefined) {
      const over = Date.now() > known.createdAt + known.fault.spec.durationSeconds * 1_000
      return [200, { ...known.fault, status: { phase: over ? 'Recovered' : 'Active' } }]
    }
    return url in DISCOVERY ? [200, DISCOVERY[url]] : [404, status('NotFound', `${url} not found`)]
  }
  const server = createServer((request, response) => {
    void answer(request).then(([code, body]) => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  const { url, close } = await listen(server)
  return { url, close, created: () => [...faults.values()] }
}

/** A kubeconfig for it, as JSON. */
export const kubeconfigFor = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    clusters: [{ name: 'fake', cluster: { server } }],
    users: [{ name: 'fake', user: {} }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
  })

// --- Internal helpers ---

const status = (reason: string, message: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason,
  message,
  code: reason === 'Forbidden' ? 403 : 404,
})
