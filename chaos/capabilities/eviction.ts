import { z } from 'zod'
import { defineCapability } from '../controller/capability.ts'
import { LabelSelector, selectorText } from '../../lib/core/label-selector.ts'

const Budgets = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ selector: LabelSelector.optional() }),
      status: z.object({ disruptionsAllowed: z.number().default(0) }).default({ disruptionsAllowed: 0 }),
    }),
  ),
})

/** The Eviction API, and what the disruption budgets over these pods allow at the moment. */
export default defineCapability({
  name: 'eviction',
  summary: 'the Eviction API, which asks disruption budgets',
  needs: ['poddisruptionbudgets.policy:list', 'pods:list'],

  async ask({ kube, namespace }) {
    const { resources } = await kube.core.getAPIResources()
    if (!resources.some(({ name }) => name === 'pods/eviction')) {
      return { ok: false, reason: 'expected the API server to offer pods/eviction, found no such resource' }
    }
    const budget = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' }
    const list: unknown = await kube.custom.listNamespacedCustomObject({ ...budget, namespace })
    const budgets = await Promise.all(
      Budgets.parse(list).items.map(async ({ metadata, spec, status }) => {
        const labelSelector = selectorText(spec.selector)
        // Without a selector it is over no pod.
        const { items } =
          labelSelector === null ? { items: [] } : await kube.core.listNamespacedPod({ namespace, labelSelector })
        const pods = items.map((pod) => pod.metadata?.name ?? '')
        return { name: metadata.name, allowed: status.disruptionsAllowed, pods }
      }),
    )
    return { ok: true, budgets }
  },
})
