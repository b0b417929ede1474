import { HttpMethod, RequestContext } from '@kubernetes/client-node'
import { type Response, fetch } from 'undici'
import { UserError } from '../core/errors.ts'
import type { Endpoint } from '../core/target.ts'
import type { KubeConnection } from './connection.ts'

/** `svc/NAMESPACE/NAME:PORT` or `pod/NAMESPACE/NAME:PORT`; a port is a number or, for a Service, a name. */
const IN_CLUSTER = /^(svc|pod)\/([^/]+)\/([^/:]+):([\w-]+)$/

/** Where an address is reached: a URL as it is, a Service or pod through the API server's proxy. Talks to nobody yet. */
export const resolveEndpoint = (
  kube: KubeConnection,
  address: string,
  headers: Record<string, string> = {},
): Endpoint => {
  const match = IN_CLUSTER.exec(address)
  if (match !== null) {
    const [, kind, namespace, name, port] = match
    const plural = kind === 'svc' ? 'services' : 'pods'
    return { url: `${apiServer(kube)}/api/v1/namespaces/${namespace}/${plural}/${name}:${port}/proxy`, headers }
  }
  if (!/^https?:$/.test(URL.parse(address)?.protocol ?? '')) {
    throw new UserError({
      code: 'address-invalid',
      message: `expected a URL, svc/NAMESPACE/NAME:PORT or pod/NAMESPACE/NAME:PORT, found "${address}"`,
      hint: 'for example http://127.0.0.1:9090, or svc/monitoring/prometheus:9090',
    })
  }
  return { url: address.replace(/\/+$/, ''), headers }
}

export interface EndpointRequest {
  method?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  signal?: AbortSignal
}

/** As fetch, with a path under the endpoint: `/api/v1/query`. */
export type EndpointFetch = (path: string, request?: EndpointRequest) => Promise<Response>

/** Sends the endpoint's headers and, where it lies behind the API server, the kubeconfig's credentials. */
export const fetchVia =
  (kube: KubeConnection, { url, headers }: Endpoint): EndpointFetch =>
  async (path, request = {}) => {
    const own = { ...headers, ...request.headers }
    if (url !== apiServer(kube) && !url.startsWith(`${apiServer(kube)}/`))
      return fetch(url + path, { ...request, headers: own })
    const context = new RequestContext(url + path, HttpMethod.GET)
    await kube.config.applySecurityAuthentication(context)
    const dispatcher = context.getDispatcher()
    // The API server reads Authorization, and does not hand it on: credentials of the endpoint's own cannot pass the proxy.
    const all = { ...own, ...context.getHeaders() }
    return fetch(url + path, { ...request, headers: all, ...(dispatcher === undefined ? {} : { dispatcher }) })
  }

// --- Internal helpers ---

const apiServer = (kube: KubeConnection): string => (kube.config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '')
