import { ApiException } from '@kubernetes/client-node'
import type { KubeConnection } from './connection.ts'
import { fetchVia } from './endpoint.ts'

/**
 * Has the API server admit a pod without making it: what admission has made of it, or its refusal, thrown. The manifest goes out
 * as it is: client-node's own models lose what they do not know.
 */
export const tryPod = async (
  kube: KubeConnection,
  manifest: object,
  { namespace, signal }: { namespace: string; signal?: AbortSignal },
): Promise<unknown> => {
  const server = fetchVia(kube, { url: kube.config.getCurrentCluster()?.server ?? '', headers: {} })
  const answer = await server(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(manifest),
    ...(signal && { signal }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new ApiException(answer.status, `a pod in ${namespace}`, text, {})
  return JSON.parse(text)
}
