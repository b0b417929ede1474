import { END_ANNOTATION, type FaultResource, isHeld, phaseOf } from '../../lib/core/fault-resource.ts'
import { unreachable } from '../../lib/core/errors.ts'

/**
 * What a Fault needs next, from its record alone: whoever reads it, and after whatever crash, comes to the same answer.
 * `undo` heals what may have been begun and ends as Failed; `release` lets the API server delete the object.
 */
export type Decision =
  | { act: 'plan' | 'inject' | 'verify' | 'heal' | 'recover' | 'release' | 'rest' }
  | { act: 'refuse' | 'undo'; reason: string }

export interface DecideOptions {
  /** Milliseconds since the epoch. */
  now: number
  /** Nothing is planned or injected any more: what is there is ended. */
  healOnly: boolean
}

export const decide = (fault: FaultResource, { now, healOnly }: DecideOptions): Decision => {
  const phase = phaseOf(fault)
  const deleting = fault.metadata.deletionTimestamp !== undefined
  const ending = healOnly || isEnding(fault)
  switch (phase) {
    case 'Pending':
      if (deleting) return { act: isHeld(fault) ? 'release' : 'rest' }
      return ending ? { act: 'refuse', reason: 'ended before it was planned' } : { act: 'plan' }
    case 'Planned':
      if (ending) return { act: 'undo', reason: 'ended before it was injected' }
      return now < endOf(fault, fault.status?.planned)
        ? { act: 'inject' }
        : { act: 'undo', reason: 'its time was over before it was injected' }
    // The writer of this phase goes on to Active by itself: whoever finds it here comes after a crash.
    case 'Injecting':
      return { act: 'undo', reason: 'the controller was restarted during the injection' }
    case 'Active':
      return { act: ending || now >= endOf(fault, fault.status?.injected) ? 'heal' : 'verify' }
    case 'Healing':
      return { act: 'heal' }
    // From here on nothing is left to heal: `kubectl delete` must not wait for a controller that may never run again.
    case 'Healed':
      if (isHeld(fault)) return { act: 'release' }
      return { act: deleting ? 'rest' : 'recover' }
    case 'Recovered':
    case 'Failed':
      return { act: isHeld(fault) ? 'release' : 'rest' }
    default:
      return unreachable(phase)
  }
}

/** Somebody wants it to end before its time: deleted, or annotated. */
export const isEnding = ({ metadata }: FaultResource): boolean =>
  metadata.deletionTimestamp !== undefined || metadata.annotations?.[END_ANNOTATION] !== undefined

/** Milliseconds since the epoch; at once where the record does not say when it began. */
export const endOf = ({ spec }: FaultResource, began: string | undefined): number =>
  (began === undefined ? 0 : Date.parse(began)) + spec.durationSeconds * 1_000
