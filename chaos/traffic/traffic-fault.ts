import type { z } from 'zod'
import type { Symptom } from '../../lib/core/symptom.ts'
import { defineFault, type FaultDefinition } from '../../lib/core/fault.ts'
import type { Movement, SignalName } from '../../lib/core/signal.ts'
import type { Traffic, TrafficPlan } from '../../lib/core/traffic.ts'
import { movedSince } from './moved-since.ts'

export interface Plan extends TrafficPlan {
  run: string
  namespace: string
}

interface TrafficFault<Params> {
  name: string
  summary: string
  moves: readonly Symptom[]
  signals: { moves: readonly Movement[]; still: readonly SignalName[] }
  params: z.ZodType<Params>
  traffic(params: Params): Traffic
  /** Signals any one of which shows that it bites; those that it moves where this is not given. */
  shows?: readonly Movement[]
}

const MAX_SEED = 2 ** 31

/**
 * A fault that nobody does to the cluster: the run's k6 reads the plan on the Fault's record, does it while the Fault is Active and
 * its duration lasts, and goes back. Nothing is left of it when k6 is killed.
 */
export const defineTrafficFault = <Params>(fault: TrafficFault<Params>): FaultDefinition<Params, Plan> =>
  defineFault<Params, Plan>({
    ...fault,
    group: 'traffic',
    requires: ['load-client'],
    needs: [],
    blast: 'clients',
    ends: { by: 'itself', how: 'k6 counts the duration itself, and ends with the load in any case' },
    draw: 'band',

    plan({ params, target, random }) {
      const client = target.can['load-client']
      if (client?.ok !== true)
        return { ok: false, reason: client?.reason ?? 'expected a run whose load goes on, found none' }
      const { namespace } = target
      const plan = { run: client.run, namespace, traffic: fault.traffic(params), seed: random.int(MAX_SEED) }
      return { ok: true, unavailable: 0, plan }
    },

    // k6 sees that the Fault is Active.
    async inject() {},

    verify: ({ plan: { namespace }, observe, injectedAt }) =>
      movedSince({ movements: fault.shows ?? fault.signals.moves, namespace, observe, injectedAt }),

    // k6 sees that it is not Active any more.
    async heal() {},
  })
