import type { AnyFault } from './fault.ts'
import { type FaultResource, isHealed, phaseOf } from './fault-resource.ts'

/** What ends by itself has ended so long after its duration. */
export const ENDS_WITHIN_MS = 5_000

/** What becomes of an open Fault when no controller ever comes: for whoever decides whether to wait. */
export const leftOver = (
  fault: Pick<FaultResource, 'spec' | 'status'>,
  { ends }: Pick<AnyFault, 'ends'>,
  now: number,
): string => {
  const phase = phaseOf(fault)
  if (isHealed(phase)) return 'healed; only its record is held'
  const { injected } = fault.status ?? {}
  if (injected === undefined) return 'nothing was touched yet; needs a controller to be put on record'
  if (ends.by === 'controller') return `needs a controller: ${ends.how}`
  const end = Date.parse(injected) + fault.spec.durationSeconds * 1_000 + ENDS_WITHIN_MS
  const seconds = Math.ceil((end - now) / 1_000)
  const when = `by itself by ${new Date(end).toISOString()} (${seconds > 0 ? `in ${seconds} s` : `${-seconds} s ago`})`
  return `${when}: ${ends.how}`
}
