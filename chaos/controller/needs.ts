import { capabilities as shipped } from '../capabilities/registry.gen.ts'
import type { Answers, CapabilityName } from '../../lib/core/capability.ts'
import type { AnyFault } from '../../lib/core/fault.ts'
import type { CapabilityRegistry } from './capability.ts'

/** What the controller needs in the namespace of the Faults whatever they are: to hold the Lease, to keep their status, to look at the pods. */
export const CONTROLLER_NEEDS: readonly string[] = [
  'deployments.apps:get',
  'faults.firedrill.dev:get',
  'faults.firedrill.dev:list',
  'faults.firedrill.dev:update',
  'faults.firedrill.dev:watch',
  'faults/status.firedrill.dev:update',
  'leases.coordination.k8s.io:create',
  'leases.coordination.k8s.io:get',
  'leases.coordination.k8s.io:update',
  'namespaces:get',
  'pods:list',
  'replicasets.apps:get',
  'resourcequotas:list',
  'statefulsets.apps:get',
]

/** What `firedrill run` needs besides, where it runs with the same rights: to create Faults, and to record what happened. */
export const RUN_NEEDS: readonly string[] = [
  'events:list',
  'events:watch',
  'faults.firedrill.dev:create',
  'pods/log:get',
  'pods:watch',
]

/** Which capabilities the target has. */
export type Has = (name: CapabilityName) => boolean

/** As it was asked. */
export const answering =
  (can: Answers): Has =>
  (name) =>
    can[name]?.ok === true

/**
 * What a fault of the kind takes besides: its own needs, on a target that is known only those of the means that it takes there. And where
 * it has pods started, the right to create one, which the rehearsal uses to try it. RBAC knows no right to try alone; whoever may
 * create Jobs or change a pod template can start any pod anyway.
 */
export const ownNeedsOf = (fault: Needing, has?: Has): string[] => {
  const needs = has === undefined ? fault.needs : onTarget(fault, has)
  return needs.some((need) => STARTS_PODS.has(need)) ? [...new Set([...needs, 'pods:create'])] : [...needs]
}

/** Without these nothing of the kind can be planned, injected, verified and healed. */
export const needsOf = (fault: Needing, has?: Has): string[] => [...CONTROLLER_NEEDS, ...ownNeedsOf(fault, has)]

/** What asking takes, of every capability that the faults may ask for; of several means, those that the target is said to have. */
export const needsOfAsking = (
  faults: readonly Pick<AnyFault, 'requires' | 'asks'>[],
  { has = () => true, capabilities = shipped }: { has?: Has; capabilities?: CapabilityRegistry } = {},
): string[] =>
  faults
    .flatMap(({ requires, asks = [] }) => [
      ...requires.flatMap((wanted) => (typeof wanted === 'string' ? wanted : wanted.filter(has))),
      ...asks,
    ])
    .flatMap((name) => capabilities[name].needs)

// --- Internal helpers ---

/** By a Job, or by a template that its owner's controller makes pods from. */
const STARTS_PODS: ReadonlySet<string> = new Set([
  'jobs.batch:create',
  'deployments.apps:patch',
  'statefulsets.apps:patch',
])

type Needing = Pick<AnyFault, 'needs' | 'requires' | 'means'>

const onTarget = ({ needs, requires, means = {} }: Needing, has: Has): string[] => {
  const taken = requires.map((wanted) => (typeof wanted === 'string' ? wanted : wanted.find(has)))
  const own = new Set(taken.flatMap((name) => (name === undefined ? [] : (means[name] ?? []))))
  const spare = new Set(Object.values(means).flat())
  return needs.filter((need) => own.has(need) || !spare.has(need))
}
