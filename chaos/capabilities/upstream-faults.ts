import { parseUpstreamRules } from '../../lib/core/upstream-rules.ts'
import { defineCapability } from '../controller/capability.ts'

export const UPSTREAM_LABEL = 'firedrill.dev/upstream-faults'

/** A gateway that impairs its own connections: the rules are in a ConfigMap, found by its label. */
export default defineCapability({
  name: 'upstream-faults',
  summary: 'a gateway that impairs its connections to replicas by rules in a ConfigMap',
  needs: ['configmaps:list'],

  async ask({ kube, namespace }) {
    const { items } = await kube.core.listNamespacedConfigMap({ namespace, labelSelector: `${UPSTREAM_LABEL}=true` })
    const [first] = items
    const entry = Object.entries(first?.data ?? {}).find(([key]) => key.endsWith('.json'))
    const expected = `expected a ConfigMap with a gateway's upstream rules (label ${UPSTREAM_LABEL}=true, a key *.json) in ${namespace}`
    if (first?.metadata?.name === undefined || entry === undefined)
      return { ok: false, reason: `${expected}, found none` }
    const [key, text] = entry
    try {
      parseUpstreamRules(text)
    } catch {
      return { ok: false, reason: `${expected}, found ${first.metadata.name}/${key}, which is no such document` }
    }
    return { ok: true, configMap: first.metadata.name, key }
  },
})
