export interface BlastRadius {
  replicas: number
  ready: number
  /** Pods that the plan takes away. */
  planned: number
  maxUnavailable: number
}

/** Why the plan would take away too much, or null. */
export const tooMuch = ({ replicas, ready, planned, maxUnavailable }: BlastRadius): string | null => {
  const missing = Math.max(0, replicas - ready)
  if (planned === 0 || missing + planned <= maxUnavailable) return null
  return `expected at most ${maxUnavailable} serving pods unavailable, found ${missing} of ${replicas} unavailable already and ${planned} planned`
}
