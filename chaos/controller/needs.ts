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

/** Without these nothing of the kind can be planned, injected, verified and healed. */
export const needsOf = ({ needs }: Pick<AnyFault, 'needs'>): string[] => [...CONTROLLER_NEEDS, ...needs]

/** What asking takes, of every capability that the faults may ask for. */
export const needsOfAsking = (
  faults: readonly Pick<AnyFault, 'requires' | 'asks'>[],
  capabilities: CapabilityRegistry = shipped,
): string[] =>
  faults.flatMap(({ requires, asks = [] }) => [...requires.flat(), ...asks]).flatMap((name) => capabilities[name].needs)
