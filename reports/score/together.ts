import { isMeant } from '../../lib/core/symptom.ts'
import type { StepRecord } from './steps.ts'
import type { Subject } from './subjects.ts'

type Timed = Pick<StepRecord, 'injected' | 'healed' | 'recovered'>

/** Whether two faults were in force at some time both: an alert may then be about either. */
export const wereTogether = (a: Timed, b: Timed): boolean =>
  a.injected !== null && b.injected !== null && a.injected < endOf(b) && b.injected < endOf(a)

/** Whether a fault was in force at a time. */
export const wasInForce = (step: Timed, at: number): boolean =>
  step.injected !== null && step.injected <= at && at < endOf(step)

/** Whether the scenario expects or tolerates an alert of this step. */
export const isWantedBy = ({ expected }: Pick<StepRecord, 'expected'>, subject: Subject): boolean =>
  [...expected.alerts.flat(), ...expected.tolerates].some((name) => isMeant(name, subject))

/** Whether the scenario expects an alert of this step. */
export const isExpectedOf = ({ expected }: Pick<StepRecord, 'expected'>, subject: Subject): boolean =>
  expected.alerts.flat().some((name) => isMeant(name, subject))

// --- Internal helpers ---

/** Of the fault itself: the requests that it had slowed are its effect, and no fault. */
const endOf = ({ healed, recovered }: Timed): number => recovered ?? healed ?? Infinity
