/** How fast the monitoring looks. Milliseconds. */
export interface StackProfile {
  name: 'fast' | 'production'
  scrapeIntervalMs: number
  evaluationIntervalMs: number
  /** Every time in the rules (`for`, range windows) is divided by this: the ratio of the scrape intervals. */
  ruleFactor: number
  /** Alertmanager's, before the first notification of a group and between two of them. */
  groupWaitMs: number
  groupIntervalMs: number
  /** How often Prometheus looks whether its configuration or its rules have changed. */
  reloadIntervalMs: number
  /** Readiness and startup probes; null leaves the manifests' own. */
  probePeriodMs: number | null
}

/** `production` is what the manifests say as they stand; `fast` makes drills of minutes. */
export const PROFILES: Record<StackProfile['name'], StackProfile> = {
  fast: {
    name: 'fast',
    scrapeIntervalMs: 2_000,
    evaluationIntervalMs: 2_000,
    ruleFactor: 7.5,
    groupWaitMs: 1_000,
    groupIntervalMs: 2_000,
    reloadIntervalMs: 1_000,
    probePeriodMs: 1_000,
  },
  production: {
    name: 'production',
    scrapeIntervalMs: 15_000,
    evaluationIntervalMs: 15_000,
    ruleFactor: 1,
    groupWaitMs: 10_000,
    groupIntervalMs: 30_000,
    reloadIntervalMs: 5_000,
    probePeriodMs: null,
  },
}
