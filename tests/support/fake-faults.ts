import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { faults as faultKinds } from '../../chaos/faults/registry.gen.ts'
import { FAULT_API_VERSION, FAULT_GROUP, FAULT_VERSION, FaultResource } from '../../lib/core/fault-resource.ts'
import { seededRandom } from '../../lib/core/random.ts'
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

/** What the controller would write of a fault that asks nothing of the cluster but a run. */
const planOf = ({ spec, metadata }: FaultResource): unknown => {
  const definition = faultKinds[spec.kind]
  const planned = definition?.plan({
    params: definition.params.parse(spec.params),
    target: {
      namespace: 'llm',
      selector: 'app=vllm',
      pods: [],
      can: { 'load-client': { ok: true, run: metadata.name } },
    },
    random: seededRandom(spec.seed),
    id: metadata.name,
    now: Date.now(),
    durationMs: spec.durationSeconds * 1_000,
  })
  return planned?.ok === true ? planned.plan : undefined
}

/**
 * An API server that knows Faults only. Each is Active once created, and Recovered when its duration is over, or when it was told
 * to end; where nobody heals, it stays Active.
 */
export const startFakeFaults = async () => {
  const faults = new Map<string, { fault: FaultResource; createdAt: number; endedAt: number }>()
  let heals = true
  const path = `/apis/${FAULT_API_VERSION}/namespaces/llm/faults`

  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const url = request.url?.split('?')[0] ?? ''
    if (request.method === 'POST' && url === path) {
      const fault = FaultResource.parse(JSON.parse(await text(request)))
      if (fault.spec.kind === 'forbidden') return [403, status('Forbidden', 'faults "x" is forbidden: not here')]
      const endedAt = Date.now() + fault.spec.durationSeconds * 1_000
      faults.set(fault.metadata.name, { fault, createdAt: Date.now(), endedAt })
      return [201, fault]
    }
    const known = faults.get(url.slice(path.length + 1))
    if (known !== undefined) {
      const phase = heals && Date.now() > known.endedAt ? 'Recovered' : 'Active'
      const injected = new Date(known.createdAt).toISOString()
      return [200, { ...known.fault, status: { phase, injected, plan: planOf(known.fault) } }]
    }
    return url in DISCOVERY ? [200, DISCOVERY[url]] : [404, status('NotFound', `${url} not found`)]
  }
  const server = createServer((request, response) => {
    void answer(request).then(([code, body]) => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  const { url, close } = await listen(server)
  return {
    url,
    close,
    created: () => [...faults.values()],
    /** Ends one before its time. */
    end: (kind: string) => {
      for (const one of faults.values()) if (one.fault.spec.kind === kind) one.endedAt = Date.now()
    },
    /** As where the controller is gone. */
    stopHealing: () => void (heals = false),
  }
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
