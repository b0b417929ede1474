import { z } from 'zod'
import type { KubeConnection } from './connection.ts'
import { fetchVia } from './endpoint.ts'

const Version = z.object({ gitVersion: z.string() })

/** What the API server calls itself: `v1.34.4`. Throws where it does not say. */
export const serverVersion = async (kube: KubeConnection): Promise<string> => {
  const server = fetchVia(kube, { url: kube.config.getCurrentCluster()?.server ?? '', headers: {} })
  const answer = await server('/version', { signal: AbortSignal.timeout(10_000) })
  return Version.parse(await answer.json()).gitVersion
}
