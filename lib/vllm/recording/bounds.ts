import type { ReplayErrors } from './errors.ts'
import { counted, type Recording, type Scrape } from './recording.ts'

/** One error of a replay, and whether it is as small as it has to be. */
export interface JudgedError {
  name: keyof ReplayErrors
  /** In words, for tables. */
  what: string
  unit: 'requests' | 'share'
  /** Of gauges the mean absolute error; of everything else signed, as a share of the recording's value. */
  value: number
  /** The largest |value| that holds. */
  bound: number
  holds: boolean
}

/** What an error may be where the recording's gauges are, on average, as high as `typical` says. */
interface Bounds {
  gauges: Readonly<Record<Gauge, { bound: number; typical: number }>>
  /** Shares of the recording's own value. */
  preemptions: number
  hitTokens: number
  latency: number
}
type Gauge = 'running' | 'waiting' | 'kvCacheUsage'

/** A recording is saturated where requests wait in at least half of its scrapes. */
const SATURATED_SHARE = 0.5

/** With a queue, one step that comes late moves every request behind it: the bounds are wider. */
const SATURATED: Bounds = {
  gauges: {
    running: { bound: 1.6, typical: 21.6 },
    waiting: { bound: 1, typical: 14.2 },
    kvCacheUsage: { bound: 0.05, typical: 0.84 },
  },
  preemptions: 0.15,
  hitTokens: 0.03,
  latency: 0.08,
}
const UNSATURATED: Bounds = {
  gauges: {
    running: { bound: 0.4, typical: 7.7 },
    waiting: { bound: 0.2, typical: 0.75 },
    kvCacheUsage: { bound: 0.02, typical: 0.31 },
  },
  preemptions: 0.25,
  hitTokens: 0.03,
  latency: 0.08,
}
/** So many preemptions more or fewer are chance, whatever share of the recording's they are. */
const CHANCE_PREEMPTIONS = 3

/**
 * Which error is small enough: those of `saturate.json` and `climb.json`, and for other recordings those of the one of
 * them that it is like, wider in proportion where its gauges are higher (a mean error of 0.4 requests is little beside
 * 8 running ones, and nothing beside 200), never narrower.
 */
export const judge = (recording: Recording, errors: ReplayErrors): JudgedError[] => {
  const { gauges, preemptions, hitTokens, latency } = isSaturated(recording) ? SATURATED : UNSATURATED
  const gauge = (name: Gauge): number =>
    gauges[name].bound * Math.max(1, meanOf(recording.scrapes, name) / gauges[name].typical)
  const bounds: Record<keyof ReplayErrors, number> = {
    running: gauge('running'),
    waiting: gauge('waiting'),
    kvCacheUsage: gauge('kvCacheUsage'),
    preemptions: Math.max(preemptions, CHANCE_PREEMPTIONS / Math.max(1, counted(recording, 'preemptions'))),
    hitTokens,
    ttftP50: latency,
    ttftP95: latency,
    e2eP50: latency,
    e2eP95: latency,
  }
  return ERRORS.map((error) => {
    const [value, bound] = [errors[error.name], bounds[error.name]]
    return { ...error, value, bound, holds: Math.abs(value) <= bound }
  })
}

export const isSaturated = ({ scrapes }: Pick<Recording, 'scrapes'>): boolean =>
  scrapes.filter(({ waiting }) => waiting > 0).length >= scrapes.length * SATURATED_SHARE

// --- Internal helpers ---

const ERRORS: readonly Pick<JudgedError, 'name' | 'what' | 'unit'>[] = [
  { name: 'running', what: 'running requests, mean error', unit: 'requests' },
  { name: 'waiting', what: 'waiting requests, mean error', unit: 'requests' },
  { name: 'kvCacheUsage', what: 'KV cache usage, mean error', unit: 'share' },
  { name: 'preemptions', what: 'preemptions', unit: 'share' },
  { name: 'hitTokens', what: 'prefix cache hit tokens', unit: 'share' },
  { name: 'ttftP50', what: 'TTFT p50', unit: 'share' },
  { name: 'ttftP95', what: 'TTFT p95', unit: 'share' },
  { name: 'e2eP50', what: 'E2E p50', unit: 'share' },
  { name: 'e2eP95', what: 'E2E p95', unit: 'share' },
]

const meanOf = (scrapes: readonly Scrape[], name: Gauge): number =>
  scrapes.reduce((sum, scrape) => sum + scrape[name], 0) / scrapes.length
