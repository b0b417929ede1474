import type { Kube } from '../../lib/kube/client.ts'
import type { StepContext } from './steps/context.ts'

export type { ControllerEvent } from './steps/context.ts'

/** What the controller's parts share: one cluster, one namespace, one term of the Lease. */
export interface Context extends StepContext {
  kube: Kube
  namespace: string
  healOnly: boolean
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
