/** Hits of so many requests of one step. */
interface Lookups {
  requests: number
  queries: number
  hits: number
}

/** Counters that only grow, as the engine's stats have them. */
export interface LookupCounters {
  prefixCacheRequests: number
  prefixCacheQueries: number
  prefixCacheHits: number
  prefixCacheResets: number
}

export interface HitRate {
  /** After each step. */
  observe(counters: LookupCounters): void
  /** 0 to 1; null where nothing was looked up. */
  value(): number | null
}

/** vLLM's CachingMetrics looks back so many requests. */
const MOST_REQUESTS = 1_000

/** The prefix cache's hit rate as vLLM logs it: of the last thousand requests, whole steps of them, since the cache was last emptied. */
export const createHitRate = (): HitRate => {
  let steps: Lookups[] = []
  let total: Lookups = NOTHING
  let before: LookupCounters = {
    prefixCacheRequests: 0,
    prefixCacheQueries: 0,
    prefixCacheHits: 0,
    prefixCacheResets: 0,
  }
  return {
    observe: ({ prefixCacheRequests, prefixCacheQueries, prefixCacheHits, prefixCacheResets }) => {
      if (prefixCacheResets > before.prefixCacheResets) {
        steps = []
        total = NOTHING
      }
      const requests = prefixCacheRequests - before.prefixCacheRequests
      const queries = prefixCacheQueries - before.prefixCacheQueries
      const hits = prefixCacheHits - before.prefixCacheHits
      before = { prefixCacheRequests, prefixCacheQueries, prefixCacheHits, prefixCacheResets }
      if (requests === 0) return
      const step = { requests, queries, hits }
      steps.push(step)
      total = sum(total, step, 1)
      while (steps.length > 1 && total.requests > MOST_REQUESTS) total = sum(total, steps.shift() ?? NOTHING, -1)
    },
    value: () => {
      if (total.requests === 0) return null
      return total.queries === 0 ? 0 : total.hits / total.queries
    },
  }
}

// --- Internal helpers ---

const NOTHING: Lookups = { requests: 0, queries: 0, hits: 0 }

const sum = (total: Lookups, step: Lookups, sign: 1 | -1): Lookups => ({
  requests: total.requests + sign * step.requests,
  queries: total.queries + sign * step.queries,
  hits: total.hits + sign * step.hits,
})
