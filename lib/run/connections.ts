import { EXIT, UserError } from '../core/errors.ts'
import type { Endpoint, TargetOptions } from '../core/target.ts'
import { connect, type Kube } from '../kube/client.ts'
import { fetchVia, resolveEndpoint } from '../kube/endpoint.ts'
import { type Fetch, type PrometheusClient, prometheusClient } from '../prometheus/client.ts'

/** Everything a run talks to, addressed and authenticated; nobody has been spoken to yet. */
export interface Connections {
  kube: Kube
  prometheus: PrometheusClient
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
  const headers = parseHeaders(target.headers)
  const service = (address: string): Service => {
    const endpoint = resolveEndpoint(kube, address, headers)
    return { endpoint, fetch: fetchOf(kube, endpoint) }
  }
  const { endpoint, fetch } = service(target.prometheus)
  return {
    kube,
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
  return async (url, init) => {
    // undici's own types and the global ones name the same classes.
    const response = await send(url.slice(endpoint.url.length), init as unknown as Parameters<typeof send>[1])
    return response as unknown as Response
  }
}

const parseHeaders = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      if (colon > 0) return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
      throw new UserError({
        code: 'header-invalid',
        message: `expected a header as "Name: value", found "${line}"`,
        hint: 'for example --header "Authorization: Bearer …"',
        exitCode: EXIT.usage,
      })
    }),
  )
