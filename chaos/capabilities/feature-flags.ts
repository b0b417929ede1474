import { defineCapability } from '../controller/capability.ts'

export const FLAGS_LABEL = 'firedrill.dev/flags'

/** The application's flag document, found by its label. */
export default defineCapability({
  name: 'feature-flags',
  summary: 'a ConfigMap with feature flags (flagd schema)',
  needs: ['configmaps:list'],

  async ask({ kube, namespace }) {
    const { items } = await kube.core.listNamespacedConfigMap({ namespace, labelSelector: `${FLAGS_LABEL}=true` })
    const [first] = items
    const entry = Object.entries(first?.data ?? {}).find(([key]) => key.endsWith('.json'))
    if (first?.metadata?.name === undefined || entry === undefined) {
      const reason = `expected a ConfigMap with feature flags (label ${FLAGS_LABEL}=true, a key *.json) in ${namespace}, found none`
      return { ok: false, reason }
    }
    return { ok: true, configMap: first.metadata.name, key: entry[0], document: entry[1] }
  },
})
