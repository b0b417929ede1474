import type { FaultDefinition, PlanContext, Planned } from '../../lib/core/fault.ts'
import type { Effect } from './effect.ts'
import { impaired } from './evidence.ts'
import { impair, meansOf, mend, type NetworkPlan } from './means.ts'

/** The parts that all network faults have. */
export const NETWORK = {
  group: 'network',
  blast: 'pod',
  draw: 'band',
  inject: impair,
  verify: impaired,
  heal: mend,
} as const satisfies Partial<FaultDefinition<never, NetworkPlan>>

const ON_PODS = ['pods:get', 'pods:patch']

/** What each means takes. */
const MEANS = {
  'upstream-faults': ['configmaps:get', 'configmaps:update'],
  'network-chaos': [...['get', 'create', 'delete'].map((verb) => `networkchaos.chaos-mesh.org:${verb}`), ...ON_PODS],
  'network-policies': [
    ...['get', 'create', 'delete'].map((verb) => `networkpolicies.networking.k8s.io:${verb}`),
    ...ON_PODS,
  ],
} as const satisfies FaultDefinition['means']

/** Any one of these means will do: in the order in which `meansOf` takes them. */
export const byMeans = (...names: (keyof typeof MEANS)[]) => {
  const means = Object.fromEntries(names.map((name) => [name, MEANS[name]]))
  return { requires: [names], needs: [...new Set(Object.values(means).flat())], means }
}

/** Of what makes packets late, and cuts nothing off. */
export const SLOWING = {
  ...byMeans('upstream-faults', 'network-chaos'),
  moves: ['latency'],
  signals: {
    moves: [{ signal: 'response-head-time', to: 'up' }],
    still: ['time-to-first-token', 'targets-up', 'ready-replicas', 'restarts', 'failed-requests', 'ready-nodes'],
  },
  ends: { by: 'itself', how: 'the gateway’s rule has a time at which it ends, and Chaos Mesh’s object a duration' },
} as const satisfies Partial<FaultDefinition<never, NetworkPlan>>

/** One ready pod by lot, and the first means that the target has. */
export const planNetwork = (
  effect: Effect,
  { target: { namespace, selector, pods, can }, random, id, durationMs }: Omit<PlanContext<unknown>, 'params' | 'now'>,
): Planned<NetworkPlan> => {
  const [victim] = random
    .pick(
      pods.filter((pod) => pod.ready),
      1,
    )
    .map(({ name, uid, node }) => ({ name, uid, node }))
  if (victim === undefined) return { ok: false, reason: `expected a ready pod of "${selector}", found none` }
  const wanted = { id, namespace, victim, effect, durationMs }
  const means = meansOf(can, wanted)
  if (typeof means === 'string') return { ok: false, reason: means }
  return { ok: true, unavailable: 0, plan: { ...wanted, means } }
}
