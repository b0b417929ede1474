import type { Endpoint, TargetOptions } from '../core/target.ts'
import { connect, type Kube } from '../kube/client.ts'
import { fetchVia, resolveEndpoint } from '../kube/endpoint.ts'
import { type Fetch, type PrometheusClient, prometheusClient } from '../prometheus/client.ts'
import { parseHeaders } from './headers.ts'

/** Everything a run talks to, addressed and authenticated; nobody has been spoken to yet. */
export interface Connections {
  kube: Kube
  prometheus: PrometheusClient
  /** For the endpoint under load. */
  urlHeaders: Record<string, string>
  /** Where k6 sends its own numbers. */
  prometheusEndpoint: Endpoint
  alertmanager: Service | null
  notifications: Service | null
}

export interface Service {
  endpoint: Endpoint
  fetch: Fetch
}

export const openConnections = (target: TargetOptions): Connections => {
  const kube = connect({ kubeconfig: target.kubeconfig, context: target.context })
  const headers = parseHeaders(target.headers, '--header')
  const service = (address: string): Service => {
    const endpoint = resolveEndpoint(kube, address, headers)
    return { endpoint, fetch: fetchOf(kube, endpoint) }
  }
  const { endpoint, fetch } = service(target.prometheus)
  return {
    kube,
    urlHeaders: parseHeaders(target.urlHeaders, '--url-header'),
    prometheus: prometheusClient({ endpoint, fetch }),
    prometheusEndpoint: endpoint,
    alertmanager: target.alertmanager === undefined ? null : service(target.alertmanager),
    notifications: target.notifications === undefined ? null : service(target.notifications),
  }
}

// --- Internal helpers ---

/** The Prometheus client speaks in whole URLs, the kubeconfig's fetch in paths under the endpoint. */
const fetchOf = (kube: Kube, endpoint: Endpoint): Fetch => {
  const send = fetchVia(kube, endpoint)
  return (url, init) => send(url.slice(endpoint.url.length), init)
}
