import type { KubeConnection } from './connection.ts'
import { type EndpointRequest, fetchVia, resolveEndpoint } from './endpoint.ts'

export interface PodPort {
  namespace: string
  name: string
  /** The pod's IP. */
  address: string
  port: number
}

/**
 * Asks a port of a pod through the API server. Which refuses to proxy to loopback addresses; the pods of an embedded cluster have
 * such, and they are on this machine: those are asked directly.
 */
export const fetchFromPod = (
  kube: KubeConnection,
  { namespace, name, address, port }: PodPort,
  path: string,
  request?: EndpointRequest,
): Promise<Response> => {
  const endpoint = address.startsWith('127.')
    ? { url: `http://${address}:${port}`, headers: {} }
    : resolveEndpoint(kube, `pod/${namespace}/${name}:${port}`)
  return fetchVia(kube, endpoint)(path, request)
}
