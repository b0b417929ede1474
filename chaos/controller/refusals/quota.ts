import { UserError } from '../../../lib/core/errors.ts'
import type { Kube } from '../../../lib/kube/client.ts'

/**
 * Throws `quota-full` where pods that the fault is about to start, or that must replace those it takes away, would not be let
 * in. The API server counts pods when a controller creates them: no dry run of a Job shows it.
 */
export const requireQuota = async (
  kube: Kube,
  { namespace, created }: { namespace: string; created: number },
): Promise<void> => {
  const { items } = await kube.core.listNamespacedResourceQuota({ namespace })
  for (const { metadata, status } of items) {
    for (const resource of ['pods', 'count/pods']) {
      const [hard, used] = [status?.hard?.[resource], status?.used?.[resource]]
      if (hard === undefined || used === undefined || Number(used) + created <= Number(hard)) continue
      const wanted = created === 0 ? 'replacements of pods' : `${created} more`
      throw new UserError({
        code: 'quota-full',
        message: `expected ResourceQuota ${metadata?.name} in ${namespace} to leave room for ${wanted}, found ${resource} ${used} of ${hard} used`,
        hint: `raise it with: kubectl edit resourcequota ${metadata?.name} --namespace ${namespace}`,
      })
    }
  }
}
