import { z } from 'zod'
import type { Kube } from '../../../lib/kube/client.ts'
import type { Owner } from './owner.ts'

const Autoscalers = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ scaleTargetRef: z.object({ kind: z.string(), name: z.string() }) }),
    }),
  ),
})

/** The name of the HorizontalPodAutoscaler (KEDA makes one, too) that sets this workload's replicas, or null. */
export const autoscalerOf = async (kube: Kube, namespace: string, { kind, name }: Owner): Promise<string | null> => {
  const list: unknown = await kube.custom.listNamespacedCustomObject({
    group: 'autoscaling',
    version: 'v2',
    namespace,
    plural: 'horizontalpodautoscalers',
  })
  const isIts = ({ scaleTargetRef: target }: { scaleTargetRef: { kind: string; name: string } }): boolean =>
    target.kind === kind && target.name === name
  return Autoscalers.parse(list).items.find(({ spec }) => isIts(spec))?.metadata.name ?? null
}
