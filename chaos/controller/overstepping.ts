import { UNAVAILABLE_FOR_MS } from '../../lib/core/safety.ts'
import type { ServingState } from './serving.ts'

/** Told what is seen, again and again: why it has to end, once more pods than allowed were unavailable for too long. */
export const overstepping = (maxUnavailable: number) => {
  let since: number | null = null
  return ({ ready, replicas }: Pick<ServingState, 'ready' | 'replicas'>, now: number): string | null => {
    const unavailable = replicas - ready
    since = unavailable > maxUnavailable ? (since ?? now) : null
    if (since === null || now - since < UNAVAILABLE_FOR_MS) return null
    return `expected at most ${maxUnavailable} serving pods unavailable, found ${unavailable} of ${replicas} for ${Math.round((now - since) / 1_000)} s`
  }
}
