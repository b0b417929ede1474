import { unreachable } from '../../../lib/core/errors.ts'
import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import type { Decision } from '../decide.ts'
import type { StepContext } from './context.ts'
import { heal } from './heal.ts'
import { inject, undo } from './inject.ts'
import { plan, refuse } from './plan.ts'
import { recover } from './recover.ts'
import { watchOver } from './watch-over.ts'

/** One step of a fault's life. */
export const carryOut = (
  context: StepContext,
  fault: FaultResource,
  decision: Decision,
  interrupt: AbortSignal,
): Promise<void> => {
  switch (decision.act) {
    case 'plan':
      return plan(context, fault)
    case 'inject':
      return inject(context, fault, interrupt)
    case 'refuse':
      return refuse(context, fault, decision.reason)
    case 'undo':
      return undo(context, fault, decision.reason)
    case 'verify':
      return watchOver(context, fault, interrupt)
    case 'heal':
      return heal(context, fault)
    case 'recover':
      return recover(context, fault)
    case 'release':
      return context.record.release(fault)
    case 'rest':
      return Promise.resolve()
    default:
      return unreachable(decision)
  }
}
