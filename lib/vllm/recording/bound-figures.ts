interface Bounds {
  gauges: Readonly<Record<Gauge, { bound: number; typical: number }>>
  /** Shares of the recording's own value. */
  preemptions: number
  latency: number
}
export type Gauge = 'running' | 'waiting' | 'kvCacheUsage'

/** What an error may be, as `saturate.json` and `climb.json` have it; `typical`: their own gauges, on average. */
export const BOUNDS: Readonly<Record<'saturate' | 'climb', Bounds>> = {
  saturate: {
    gauges: {
      running: { bound: 1.6, typical: 21.6 },
      waiting: { bound: 1, typical: 14.2 },
      kvCacheUsage: { bound: 0.05, typical: 0.84 },
    },
    preemptions: 0.15,
    latency: 0.08,
  },
  climb: {
    gauges: {
      running: { bound: 0.4, typical: 7.7 },
      waiting: { bound: 0.2, typical: 0.75 },
      kvCacheUsage: { bound: 0.02, typical: 0.31 },
    },
    preemptions: 0.25,
    latency: 0.08,
  },
}
/** Of `prefix.json`. */
export const HIT_TOKENS = 0.03

/** A recording is saturated where requests wait in at least half of its scrapes. */
export const SATURATED_SHARE = 0.5
/** So many preemptions more or fewer are chance, whatever share of the recording's they are. */
export const CHANCE_PREEMPTIONS = 3
/** Hits come by whole blocks: fewer than two tokens are none. */
export const NO_TOKENS = 1
