import type { ServingState } from './serving.ts'

export interface BlastRadius {
  state: Pick<ServingState, 'replicas' | 'ready' | 'taken'>
  /** Pods that the plan takes away. */
  planned: number
  maxUnavailable: number
}

/**
 * Serving pods that are missing, and of how many. Those that a fault takes away with their replicas are, from the moment on when
 * nobody asks for them any more.
 */
export const unavailability = ({ replicas, ready, taken = 0 }: BlastRadius['state']) => ({
  missing: taken + Math.max(0, replicas - ready),
  of: replicas + taken,
})

/** Why the plan would take away too much, or null. */
export const tooMuch = ({ state, planned, maxUnavailable }: BlastRadius): string | null => {
  const { missing, of } = unavailability(state)
  if (planned === 0 || missing + planned <= maxUnavailable) return null
  return `expected at most ${maxUnavailable} serving pods unavailable, found ${missing} of ${of} unavailable already and ${planned} planned`
}
