import { capabilities as shipped } from '../capabilities/registry.gen.ts'
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

/**
 * What a fault of the kind takes besides: its own needs, and where it has pods started, the right to create one, which the rehearsal
 * uses to try it. RBAC knows no right to try alone; whoever may create Jobs or change a pod template can start any pod anyway.
 */
export const ownNeedsOf = ({ needs }: Pick<AnyFault, 'needs'>): string[] =>
  needs.some((need) => STARTS_PODS.has(need)) ? [...new Set([...needs, 'pods:create'])] : [...needs]

/** Without these nothing of the kind can be planned, injected, verified and healed. */
export const needsOf = (fault: Pick<AnyFault, 'needs'>): string[] => [...CONTROLLER_NEEDS, ...ownNeedsOf(fault)]

/** What asking takes, of every capability that the faults may ask for. */
export const needsOfAsking = (
  faults: readonly Pick<AnyFault, 'requires' | 'asks'>[],
  capabilities: CapabilityRegistry = shipped,
): string[] =>
  faults.flatMap(({ requires, asks = [] }) => [...requires.flat(), ...asks]).flatMap((name) => capabilities[name].needs)

// --- Internal helpers ---

/** By a Job, or by a template that its owner's controller makes pods from. */
const STARTS_PODS: ReadonlySet<string> = new Set([
  'jobs.batch:create',
  'deployments.apps:patch',
  'statefulsets.apps:patch',
])
