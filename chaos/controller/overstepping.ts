import { UNAVAILABLE_FOR_MS } from '../../lib/core/safety.ts'
import { type BlastRadius, unavailability } from './blast-radius.ts'

/** Told what is seen, again and again: why it has to end, once more pods than allowed were unavailable for too long. */
export const overstepping = (maxUnavailable: number) => {
  let since: number | null = null
  return (state: BlastRadius['state'], now: number): string | null => {
    const { missing, of } = unavailability(state)
    since = missing > maxUnavailable ? (since ?? now) : null
    if (since === null || now - since < UNAVAILABLE_FOR_MS) return null
    return `expected at most ${maxUnavailable} serving pods unavailable, found ${missing} of ${of} for ${Math.round((now - since) / 1_000)} s`
  }
}
