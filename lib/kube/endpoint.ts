import { HttpMethod, RequestContext } from '@kubernetes/client-node'
import { type Dispatcher, fetch } from 'undici'
import { UserError } from '../core/errors.ts'
import type { Endpoint } from '../core/target.ts'
import type { KubeConnection } from './connection.ts'

/** `svc/NAMESPACE/NAME:PORT` or `pod/NAMESPACE/NAME:PORT`; a port is a number or, for a Service, a name. */
const IN_CLUSTER = /^(svc|pod)\/([^/]+)\/([^/:]+):([\w-]+)$/

/** The parts of an address that only the API server reaches; null of a URL. */
export const parseInCluster = (address: string): RegExpExecArray | null => IN_CLUSTER.exec(address)

/** Where an address is reached: a URL as it is, a Service or pod through the API server's proxy. Talks to nobody yet. */
export const resolveEndpoint = (
  kube: KubeConnection,
  address: string,
  headers: Record<string, string> = {},
): Endpoint => {
  const match = parseInCluster(address)
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

/** Who connects is decided here. */
export type EndpointRequest = Omit<RequestInit, 'dispatcher'>

/** As fetch, with a path under the endpoint: `/api/v1/query`. */
export type EndpointFetch = (path: string, request?: EndpointRequest) => Promise<Response>

/** Sends the endpoint's headers and, where it lies behind the API server, the kubeconfig's credentials. */
export const fetchVia =
  (kube: KubeConnection, { url, headers }: Endpoint): EndpointFetch =>
  async (path, request = {}) => {
    const own = { ...headers, ...Object.fromEntries(new Headers(request.headers)) }
    if (url !== apiServer(kube) && !url.startsWith(`${apiServer(kube)}/`))
      return send(url + path, { ...request, headers: own })
    const context = new RequestContext(url + path, HttpMethod.GET)
    await kube.config.applySecurityAuthentication(context)
    const dispatcher = context.getDispatcher()
    // The API server reads Authorization, and does not hand it on: credentials of the endpoint's own cannot pass the proxy.
    const all = { ...own, ...context.getHeaders() }
    return send(url + path, { ...request, headers: all, ...(dispatcher === undefined ? {} : { dispatcher }) })
  }

// --- Internal helpers ---

/**
 * undici's own fetch, which takes the Dispatcher of the same undici that client-node makes; Node's may be of another
 * version. Its types name the same classes as the global ones, which TypeScript cannot know.
 */
const send = fetch as unknown as (
  url: string,
  init: EndpointRequest & { dispatcher?: Dispatcher },
) => ReturnType<typeof globalThis.fetch>

const apiServer = (kube: KubeConnection): string => (kube.config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '')
