import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import { endOf } from '../decide.ts'

/** Milliseconds between two looks at whether the pods are back. */
export const RECOVER_MS = 500
const VERIFY_MS = 1_000
/** Once it has bitten, only the numbers still move. */
const BITTEN_MS = 5_000

/** Until a fault in force is looked at again, or ends. */
export const verifyAgainIn = (fault: FaultResource, now: number): number => {
  const left = endOf(fault, fault.status?.injected) - now
  return Math.max(0, Math.min(left, fault.status?.evidence?.bit === true ? BITTEN_MS : VERIFY_MS))
}
