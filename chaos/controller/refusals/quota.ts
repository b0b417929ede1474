import { UserError } from '../../../lib/core/errors.ts'
import { parseQuantity } from '../../../lib/core/quantity.ts'
import type { Kube } from '../../../lib/kube/client.ts'
import type { V1ResourceQuota } from '../../../lib/kube/types.ts'
import { type ChargedPod, charge, counts } from './charge.ts'

interface Charged {
  /** Pods that come beside what is there, all at once. */
  created: readonly ChargedPod[]
  /** Pods that must be replaced: what is taken away makes room for them, unless more is used than there is. */
  replaced: readonly ChargedPod[]
}

/**
 * Throws `quota-full` where a quota has no room for all these pods. The API server is asked for each pod by itself, and for
 * replacements only when they come: what they are together it does not know beforehand.
 */
export const requireQuota = async (kube: Kube, namespace: string, charged: Charged): Promise<void> => {
  const { items } = await kube.core.listNamespacedResourceQuota({ namespace })
  for (const quota of items) {
    const found = lacking(quota, charged)
    if (found === null) continue
    const name = quota.metadata?.name
    throw new UserError({
      code: 'quota-full',
      message: `expected ResourceQuota ${name} in ${namespace} to leave room for ${found}`,
      hint: `raise it with: kubectl edit resourcequota ${name} --namespace ${namespace}`,
    })
  }
}

/** For what it has no room, and how full it is; null where it has. */
export const lacking = ({ spec, status }: V1ResourceQuota, { created, replaced }: Charged): string | null => {
  const named = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }))
  const scopes = [...named, ...(spec?.scopeSelector?.matchExpressions ?? [])]
  const [more = [], again = []] = [created, replaced].map((pods) => pods.filter((pod) => counts(scopes, pod)))
  for (const [resource, limit] of Object.entries(status?.hard ?? {})) {
    const taken = status?.used?.[resource]
    const [hard, used] = [parseQuantity(limit), parseQuantity(taken ?? '')]
    if (hard === null || used === null) continue
    const wanted = (pods: readonly ChargedPod[]): number => pods.reduce((sum, pod) => sum + charge(resource, pod), 0)
    const found = `found ${resource} ${taken} of ${limit} used`
    // One by itself the API server has let in.
    if (more.length > 1 && wanted(more) > 0 && exceeds(used + wanted(more), hard))
      return `${more.length} more, ${found}`
    if (wanted(again) > 0 && exceeds(used, hard)) return `replacements of pods, ${found}`
  }
  return null
}

// --- Internal helpers ---

/** Of 0.1 and 0.2 cores there are a little more than 0.3. */
const exceeds = (used: number, hard: number): boolean => used > hard * (1 + 1e-9)
