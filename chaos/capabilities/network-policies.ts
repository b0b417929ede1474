import { z } from 'zod'
import { LabelSelector, matchesLabels } from '../../lib/core/label-selector.ts'
import { isNotFound } from '../../lib/kube/client.ts'
import { defineCapability } from '../controller/capability.ts'
import { withoutGateway } from '../network/gateway-pods.ts'
import { NETWORK_POLICY } from '../network/network-policy.ts'

/**
 * NetworkPolicies, and which of them select serving pods for ingress: policies add up, so one more takes nothing away from what
 * another allows. Whether a network plugin enforces them, the API does not say: verifying shows it.
 */
export default defineCapability({
  name: 'network-policies',
  summary: "NetworkPolicies, and pods that are labelled as the gateway's",
  needs: ['pods:list', 'networkpolicies.networking.k8s.io:list'],

  async ask({ kube, namespace, selector }) {
    const reason = await withoutGateway(kube, namespace)
    if (reason !== null) return { ok: false, reason }
    const { items: pods } = await kube.core.listNamespacedPod({ namespace, labelSelector: selector })
    try {
      const { items } = Policies.parse(await kube.custom.listNamespacedCustomObject({ ...NETWORK_POLICY, namespace }))
      const ingress = items.filter(({ spec }) => spec.policyTypes.includes('Ingress'))
      const selecting = (labels: Record<string, string>): string[] =>
        ingress.filter(({ spec }) => matchesLabels(spec.podSelector, labels)).map(({ metadata }) => metadata.name)
      const byPod = pods.map(({ metadata }) => [metadata?.uid ?? '', selecting(metadata?.labels ?? {})] as const)
      return { ok: true, selecting: Object.fromEntries(byPod) }
    } catch (error) {
      if (!isNotFound(error)) throw error
      return { ok: false, reason: 'expected the API networkpolicies.networking.k8s.io/v1, found no such API' }
    }
  },
})

// --- Internal helpers ---

const Policies = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      // The API server writes the default: every policy is for ingress unless it says otherwise.
      spec: z.object({ podSelector: LabelSelector, policyTypes: z.array(z.string()).default(['Ingress']) }),
    }),
  ),
})
