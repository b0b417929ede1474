import type { Clock } from '../../lib/core/clock.ts'
import type { Event } from '../../lib/core/event.ts'
import type { FaultRegistry, Observer } from '../../lib/core/fault.ts'
import type { Kube } from '../../lib/kube/client.ts'

export type ControllerEvent = Pick<Event, 'actor' | 'phase' | 'what' | 'value'>

/** What the controller's parts share: one cluster, one namespace, one term of the Lease. */
export interface Context {
  kube: Kube
  namespace: string
  observe: Observer
  faults: FaultRegistry
  clock: Clock
  healOnly: boolean
  /** Awaited before the act that an `invoke` announces. */
  onEvent(event: ControllerEvent): void | Promise<void>
  /** The end of this term: nothing more may be done. */
  signal: AbortSignal
  /** Plans and injections come one at a time, so that each sees what the one before took away. */
  exclusive<T>(work: () => Promise<T>): Promise<T>
}

/** A queue of one. */
export const exclusively = (): Context['exclusive'] => {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    last = next.catch(() => undefined)
    return next
  }
}
