import { z } from 'zod'
import type { Eviction, EvictionCalls } from '../../../lib/core/fault-kube/eviction.ts'
import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import { type Kube, isConflict, isNotFound } from '../../../lib/kube/client.ts'

/** The Eviction API (policy/v1), which asks the disruption budgets. */
export const evictionCalls = (kube: Kube, { metadata: { namespace } }: FaultResource): EvictionCalls => ({
  async evictPod(name, { uid, gracePeriodSeconds, dryRun = false }) {
    const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }
    const body = { metadata: { name, namespace }, deleteOptions: { preconditions: { uid }, ...grace } }
    try {
      await kube.core.createNamespacedPodEviction({ name, namespace, body, ...(dryRun ? { dryRun: 'All' } : {}) })
      return { accepted: true }
    } catch (error) {
      // 409: the name is another pod's by now.
      if (isNotFound(error) || isConflict(error)) return { accepted: true }
      const refused = refusal(error)
      if (refused === null) throw error
      return refused
    }
  },
})

// --- Internal helpers ---

const BUDGET = 'DisruptionBudget'

const Refusal = z.object({
  code: z.literal(429),
  body: z.preprocess(
    (body) => (typeof body === 'string' ? JSON.parse(body) : body),
    z.object({
      details: z.object({ causes: z.array(z.object({ reason: z.string().default(''), message: z.string() })).min(1) }),
    }),
  ),
})

/** The budget's word; null for any other error, also for an API server that has too much to do (429 as well). */
const refusal = (error: unknown): Eviction | null => {
  const { data } = Refusal.safeParse(error)
  const causes = data?.body.details.causes.filter(({ reason }) => reason === BUDGET) ?? []
  return causes.length === 0 ? null : { accepted: false, reason: causes.map(({ message }) => message).join('; ') }
}
