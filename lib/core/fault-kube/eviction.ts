/** Whether the Eviction API took it; `reason` is the API server's own, of the disruption budget that says no for now. */
export type Eviction = { accepted: true } | { accepted: false; reason: string }

export interface EvictionOptions {
  uid: string
  /** The pod's own where there is none. */
  gracePeriodSeconds?: number
  /** Only asks whether it would be taken. */
  dryRun?: boolean
}

export interface EvictionCalls {
  /** Asks for the eviction of exactly this pod. Accepted as well where it was gone already: its name may be another's by now. */
  evictPod(name: string, options: EvictionOptions): Promise<Eviction>
}
