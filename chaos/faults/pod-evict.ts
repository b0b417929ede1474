import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { isReplaced } from '../../lib/core/target-snapshot.ts'
import { refusedBy } from '../eviction/budgets.ts'
import { evict, evicted, PATIENCE_MS, type Victim } from '../eviction/evict.ts'

interface Plan {
  victims: Victim[]
  gracePeriodSeconds?: number
  patienceMs: number
}

const params = z.strictObject({
  count: z.number().int().positive().default(1).describe('Ready serving pods to evict'),
  gracePeriodSeconds: z.number().int().nonnegative().optional().describe("Instead of the pods' own grace period"),
})

/**
 * What a node upgrade or an autoscaler does to a pod. Refused where a disruption budget protects the victims when it is planned. One that
 * says no only then is asked again for ten seconds at most, never past the fault's time: after that the pods are left alone, and the
 * fault ends as one that did not bite, with the budget's own words.
 */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'pod-evict',
  summary: 'Evicts serving pods by the Eviction API, as far as disruption budgets allow',
  group: 'serving',
  requires: ['eviction'],
  needs: ['pods:get', 'pods/eviction:create'],
  moves: ['availability', 'throughput', 'queue', 'latency'],
  signals: { moves: [{ signal: 'ready-replicas', to: 'down' }], still: ['prompt-tokens', 'ready-nodes'] },
  blast: 'pod',
  ends: { by: 'itself', how: 'the owner of the pods starts others at once' },
  draw: 'moment',
  params,

  plan({ params: { count, gracePeriodSeconds }, target, random, durationMs }) {
    const budgets = target.can.eviction?.ok === true ? target.can.eviction.budgets : []
    const ready = target.pods.filter((pod) => pod.ready && isReplaced(pod))
    if (ready.length < count) {
      const reason = `expected ${count} ready pods of "${target.selector}" that a controller owns, found ${ready.length}`
      return { ok: false, reason }
    }
    const free = ready.filter(({ name }) => refusedBy(budgets, [name]) === null)
    const victims = random
      .pick(free.length < count ? ready : free, count)
      .map(({ name, uid, node }) => ({ name, uid, node }))
    const refusal = refusedBy(
      budgets,
      victims.map(({ name }) => name),
    )
    if (refusal !== null) return { ok: false, reason: refusal }
    const patienceMs = Math.min(PATIENCE_MS, durationMs)
    const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }
    return { ok: true, plan: { victims, patienceMs, ...grace }, unavailable: count }
  },

  inject: async ({ plan, ...hand }) => evict(plan.victims, plan, hand),

  async verify({ plan: { victims }, kube }) {
    const { reason, ...facts } = await evicted(victims, { kube })
    return { bit: facts.alive.length === 0, reason, facts }
  },

  // Nothing to undo: the owner brings the replicas back, and the controller waits for them.
  async heal() {},
})
