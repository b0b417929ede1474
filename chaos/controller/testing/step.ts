import { type Clock, systemClock } from '../../../lib/core/clock.ts'
import type { FaultRegistry } from '../../../lib/core/fault.ts'
import { FAULT_API_VERSION, type FaultResource, type FaultStatus } from '../../../lib/core/fault-resource.ts'
import type { FaultTarget, StepContext } from '../steps/context.ts'

export const never = <T>(): Promise<T> => new Promise(() => undefined)

/** A pod-kill of so long that has come so far. */
export const podKillFault = (durationSeconds: number, status: FaultStatus): FaultResource => ({
  apiVersion: FAULT_API_VERSION,
  kind: 'Fault',
  metadata: { name: 'f', namespace: 'n', uid: 'u' },
  spec: {
    kind: 'pod-kill',
    params: {},
    target: { selector: 'app=vllm' },
    durationSeconds,
    seed: 0,
    maxUnavailable: 1,
  },
  status,
})

/** A target that answers only to what is given, and a record that takes everything: `written` has what a step wrote. */
export const stepContext = (
  fault: FaultResource,
  { faults, target, clock = systemClock }: { faults: FaultRegistry; target: Partial<FaultTarget>; clock?: Clock },
) => {
  const written: Partial<FaultStatus>[] = []
  const context: StepContext = {
    faults,
    observe: { query: async () => [] },
    clock,
    record: {
      hold: never,
      release: never,
      write: async (_, change) => {
        written.push(change(fault.status ?? { phase: 'Pending' }))
        return fault
      },
    },
    target: {
      serving: never,
      requireAllowed: never,
      requirePermitted: never,
      snapshot: never,
      rehearse: never,
      kube: () => ({}) as never,
      isTransient: () => false,
      ...target,
    },
    onEvent: () => undefined,
    signal: new AbortController().signal,
  }
  return { context, written }
}
