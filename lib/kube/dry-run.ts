import type { KubeConfig, RequestContext } from '@kubernetes/client-node'
import { z } from 'zod'
import { clientsOf, type Kube } from './client.ts'

/** Thrown for what cannot be asked without being done: exec, proxies, whatever goes past the typed clients. */
export class NoDryRun extends Error {}

/**
 * The same cluster, where every write is only tried (`dryRun=All`): quotas, admission and permissions answer as they would,
 * and nothing is kept. Reads are real.
 */
export const dryRunOf = ({ config }: Kube): Kube => {
  const dry: KubeConfig = Object.create(config)
  dry.applySecurityAuthentication = async (request: RequestContext): Promise<void> => {
    if (CONNECTS.test(new URL(request.getUrl()).pathname)) throw new NoDryRun(request.getUrl())
    if (request.getHttpMethod() !== 'GET') tryOnly(request)
    await config.applySecurityAuthentication(request)
  }
  // For whoever speaks to the API server without the clients: nobody would add the parameter there.
  const closed: KubeConfig = Object.create(config)
  const refuse = async (): Promise<never> => {
    throw new NoDryRun('a connection past the clients')
  }
  closed.applySecurityAuthentication = refuse
  closed.applyToHTTPSOptions = refuse
  return { ...clientsOf(dry), config: closed }
}

// --- Internal helpers ---

/** The API server reads the options of a DELETE from its body, where it has one, and then not from the query. */
const tryOnly = (request: RequestContext): void => {
  request.setQueryParam('dryRun', 'All')
  const body = request.getBody()
  if (request.getHttpMethod() !== 'DELETE' || body === undefined) return
  request.setBody(JSON.stringify({ ...DeleteOptions.parse(JSON.parse(String(body))), dryRun: ['All'] }))
}

const DeleteOptions = z.record(z.string(), z.unknown())

/** Subresources that reach into a pod, a node or a service: the API server hands on what they are sent. */
const CONNECTS = /^\/api\/v1\/(namespaces\/[^/]+\/)?(pods|services|nodes)\/[^/]+\/(proxy|exec|attach|portforward)(\/|$)/
