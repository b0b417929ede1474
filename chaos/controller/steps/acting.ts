import type { ActContext, AnyFault, FaultRegistry } from '../../../lib/core/fault.ts'
import type { FaultEvidence, FaultResource } from '../../../lib/core/fault-resource.ts'
import type { StepContext } from './context.ts'

export const actorOf = ({ metadata: { name } }: FaultResource): string => `fault/${name}`

export const iso = (ms: number): string => new Date(ms).toISOString()

export const definitionOf = ({ faults }: { faults: FaultRegistry }, { spec: { kind } }: FaultResource): AnyFault => {
  const found = Object.hasOwn(faults, kind) ? faults[kind] : undefined
  if (found !== undefined) return found
  throw new Error(`expected a fault (${Object.keys(faults).join(', ')}), found "${kind}"`)
}

export const actContext = (
  { target, observe, clock }: StepContext,
  fault: FaultResource,
  signal: AbortSignal,
): ActContext<unknown> => ({
  plan: fault.status?.plan,
  kube: target.kube(fault),
  observe,
  injectedAt: Date.parse(fault.status?.injected ?? '') || clock.now(),
  clock,
  signal,
})

/** For messages. */
export const verdict = (evidence: FaultEvidence | undefined): string =>
  `${evidence?.bit === true ? 'it bit' : 'it did not bite'}: ${evidence?.reason ?? 'nothing was seen'}`
