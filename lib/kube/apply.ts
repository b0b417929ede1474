import { ApiException, type KubernetesObject } from '@kubernetes/client-node'
import { z } from 'zod'
import type { Kube } from './client.ts'
import { fetchVia } from './endpoint.ts'

const FIELD_MANAGER = 'firedrill'

/** Any object, as read from a manifest. */
export type Manifest = KubernetesObject & Record<string, unknown>

/**
 * Server-side apply: creates the object, or brings the fields that firedrill owns to these values. The manifest goes out as
 * it is: client-node's own models lose what they do not name (`x-kubernetes-…` in a schema).
 */
export const apply = async (kube: Kube, manifest: Manifest): Promise<KubernetesObject> => {
  const server = fetchVia(kube, { url: kube.config.getCurrentCluster()?.server ?? '', headers: {} })
  const path = await pathOf(server, manifest)
  const answer = await server(`${path}?fieldManager=${FIELD_MANAGER}&force=true`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: JSON.stringify(manifest),
  })
  const text = await answer.text()
  if (!answer.ok) throw new ApiException(answer.status, messageOf(text), text, Object.fromEntries(answer.headers))
  // What the API server made of the manifest: the same kind of object.
  return JSON.parse(text) as KubernetesObject
}

// --- Internal helpers ---

type Server = ReturnType<typeof fetchVia>

const Resources = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
})

/** Asked of the API server each time: a kind may have been defined a moment ago. */
const pathOf = async (server: Server, { apiVersion = '', kind = '', metadata }: Manifest): Promise<string> => {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const answer = await server(group)
  const text = await answer.text()
  if (!answer.ok) throw new ApiException(answer.status, `${apiVersion}: ${messageOf(text)}`, text, {})
  const { resources } = Resources.parse(JSON.parse(text))
  const resource = resources.find((known) => known.kind === kind && !known.name.includes('/'))
  if (resource === undefined) throw new ApiException(404, `the cluster knows no ${kind} in ${apiVersion}`, '', {})
  const namespace = resource.namespaced ? `/namespaces/${metadata?.namespace ?? 'default'}` : ''
  return `${group}${namespace}/${resource.name}/${metadata?.name ?? ''}`
}

const Status = z.object({ message: z.string() })

const messageOf = (text: string): string => {
  try {
    return Status.parse(JSON.parse(text)).message
  } catch {
    return text.slice(0, 300)
  }
}
