import type { Answers } from '../../../lib/core/capability.ts'
import type { Clock } from '../../../lib/core/clock.ts'
import type { Event } from '../../../lib/core/event.ts'
import type { AnyFault, FaultKube, FaultRegistry, Observer, Planned, TargetSnapshot } from '../../../lib/core/fault.ts'
import type { FaultResource, FaultStatus } from '../../../lib/core/fault-resource.ts'
import type { ServingState } from '../serving.ts'

export type ControllerEvent = Pick<Event, 'actor' | 'phase' | 'what' | 'value'>

/** What the steps of a fault's life work with, wherever its status is kept and whatever cluster it breaks. */
export interface StepContext {
  faults: FaultRegistry
  observe: Observer
  clock: Clock
  record: FaultRecord
  target: FaultTarget
  /** Awaited before the act that an `invoke` announces. */
  onEvent(event: ControllerEvent): void | Promise<void>
  /** The end of this term: nothing more may be done. */
  signal: AbortSignal
}

/** Where Faults are kept: the API server, or the memory of a simulation. */
export interface FaultRecord {
  /** From now on it is not deleted without us; false where it is gone. */
  hold(fault: FaultResource): Promise<boolean>
  /** Lets it be deleted. */
  release(fault: FaultResource): Promise<void>
  /** The Fault with the changed status; null where it is gone. */
  write(fault: FaultResource, change: (status: FaultStatus) => Partial<FaultStatus>): Promise<FaultResource | null>
}

/** The cluster that is broken, as far as the steps of a fault ask it. */
export interface FaultTarget {
  /** Throws a `UserError` where nothing of the kind may be injected, now. */
  requireAllowed(fault: FaultResource, definition: AnyFault): Promise<void>
  /** Throws a `UserError` where we lack a right that the fault takes on a target that has these capabilities. */
  requirePermitted(fault: FaultResource, definition: AnyFault, can: Answers): Promise<void>
  serving(fault: FaultResource): Promise<ServingState>
  snapshot(fault: FaultResource, definition: AnyFault, state: ServingState): Promise<TargetSnapshot>
  /** Throws a `UserError` where what the plan would do is refused by whoever guards the cluster; changes nothing. */
  rehearse(fault: FaultResource, definition: AnyFault, planned: Planned<unknown> & { ok: true }): Promise<void>
  /** The one hand of this fault. */
  kube(fault: FaultResource): FaultKube
  /** Whether what was thrown may pass by itself: asked again, and no answer about the fault. */
  isTransient(error: unknown): boolean
}
