import { KubeConfig, type RequestContext } from '@kubernetes/client-node'
import type { Dispatcher } from 'undici'

/** Client certificates that a credential plugin renews are picked up this often, in milliseconds. */
const RENEW_MS = 600_000

/** One pool of connections for all requests; the library's own config opens a new connection (and TLS session) for each. */
export class PooledKubeConfig extends KubeConfig {
  private pooled: { dispatcher: Dispatcher; since: number; context: string } | null = null

  override async applySecurityAuthentication(request: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(request)
    const dispatcher = request.getDispatcher()
    if (dispatcher === undefined) return
    const now = performance.now()
    const { pooled, currentContext: context } = this
    if (pooled !== null && pooled.context === context && now - pooled.since < RENEW_MS) {
      request.setDispatcher(pooled.dispatcher)
    } else this.pooled = { dispatcher, since: now, context }
  }
}
