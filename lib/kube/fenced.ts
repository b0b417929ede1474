import type { KubeConfig, RequestContext } from '@kubernetes/client-node'
import { clientsOf, type Kube } from './client.ts'

/**
 * The same cluster, where `requireHeld` is asked before each request and throws once it must not be sent. A process that was
 * stopped, or whose machine was suspended, half-way through its work and goes on long after has no other way to know that somebody else has taken over.
 */
export const fencedKube = ({ config }: Kube, requireHeld: () => void): Kube => {
  const fenced: KubeConfig = Object.create(config)
  fenced.applySecurityAuthentication = async (request: RequestContext): Promise<void> => {
    requireHeld()
    await config.applySecurityAuthentication(request)
  }
  fenced.applyToHTTPSOptions = async (options): Promise<void> => {
    requireHeld()
    await config.applyToHTTPSOptions(options)
  }
  return clientsOf(fenced)
}
