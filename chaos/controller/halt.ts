import { ALLOW_LABEL, HALT_ANNOTATION } from '../../lib/core/fault-resource.ts'
import { type Kube, orNull, reaching } from '../../lib/kube/client.ts'
import { rawClient } from '../../lib/kube/raw.ts'

/** From now on nothing is planned or injected in the namespace, whoever acts there. What is in force stays: heal it afterwards. */
export const haltNamespace = (kube: Kube, namespace: string, text: string): Promise<void> =>
  annotate(kube, namespace, text)

export const releaseNamespace = (kube: Kube, namespace: string): Promise<void> => annotate(kube, namespace, null)

/** Since when and why the namespace is halted; null where it is not. */
export const haltOf = async (kube: Kube, namespace: string): Promise<string | null> => {
  const found = await orNull(kube.core.readNamespace({ name: namespace }))
  return found?.metadata?.annotations?.[HALT_ANNOTATION] ?? null
}

/** Where faults may be injected at all. */
export const allowedNamespaces = async (kube: Kube): Promise<string[]> => {
  const { items } = await reaching(kube, kube.core.listNamespace({ labelSelector: `${ALLOW_LABEL}=true` }))
  return items.map(({ metadata }) => metadata?.name ?? '')
}

// --- Internal helpers ---

const annotate = async (kube: Kube, namespace: string, text: string | null): Promise<void> => {
  const body = { metadata: { annotations: { [HALT_ANNOTATION]: text } } }
  await reaching(kube, rawClient(kube)('PATCH', `/api/v1/namespaces/${namespace}`, { body, patch: 'merge' }))
}
