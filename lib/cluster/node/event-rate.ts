export interface Bucket {
  tokens: number
  /** Milliseconds. */
  at: number
}

const BURST = 25
const REFILL_MS = 300_000

/** The kubelet's ration of events for one object (client-go's spam filter): 25 at once, then one every five minutes. */
export const allow = (bucket: Bucket | null, now: number): { allowed: boolean; bucket: Bucket } => {
  const tokens = bucket === null ? BURST : Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL_MS)
  const allowed = tokens >= 1
  return { allowed, bucket: { tokens: allowed ? tokens - 1 : tokens, at: now } }
}
