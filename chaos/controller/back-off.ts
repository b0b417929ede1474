import { type FaultResource, phaseOf } from '../../lib/core/fault-resource.ts'
import { endOf, isEnding } from './decide.ts'

const MAX_MS = 10_000
/** Of what is to be healed: it is to be over within seconds of whatever stood in the way. */
const HEALING_MS = 2_000

export interface BackOff {
  /** In a row. */
  failures: number
  /** Milliseconds since the epoch. */
  now: number
  /** Somebody wants it to end, as far as the record that was read tells, or by a later word. */
  ending?: boolean
}

/** Milliseconds until what failed is tried again: never past the end of a fault that is in force. */
export const backOff = (fault: FaultResource, { failures, now, ending = isEnding(fault) }: BackOff): number => {
  const phase = phaseOf(fault)
  const wait = Math.min(MAX_MS, 250 * 2 ** failures)
  if (phase !== 'Active' && phase !== 'Injecting' && phase !== 'Healing') return wait
  const left = endOf(fault, fault.status?.injected) - now
  return phase === 'Active' && !ending && left > 0 ? Math.min(wait, left) : Math.min(wait, HEALING_MS)
}
