import type { Answer, CapabilityName } from '../../lib/core/capability.ts'
import type { Observer, ServingPod } from '../../lib/core/fault.ts'
import type { Kube } from '../../lib/kube/client.ts'

/** Whom a capability asks. Asking changes nothing. */
export interface AskContext {
  kube: Kube
  namespace: string
  selector: string
  pods: readonly ServingPod[]
  observe: Observer
  /** The run whose load goes on meanwhile; null where there is none (a Fault from `kubectl create`, `list faults --target`). */
  run: string | null
}

export interface Capability<Name extends CapabilityName = CapabilityName> {
  name: Name
  /** What the target can do, in words that go on after "the target has". */
  summary: string
  /** What asking takes, as `resource[.group]:verb`. */
  needs: readonly string[]
  /** Throws where the API server does not answer; what the target cannot is an answer. */
  ask(context: AskContext): Promise<Answer<Name>>
}

export const defineCapability = <Name extends CapabilityName>(capability: Capability<Name>): Capability<Name> =>
  capability

/** One for each name: chaos/capabilities/registry.gen.ts. */
export type CapabilityRegistry = { readonly [Name in CapabilityName]: Capability<Name> }
