import { counted, type Latency, type Recording } from './recording.ts'
import { mean } from './mean.ts'
import type { Replay } from './replay.ts'

/** How far a replay is from its recording; null where nothing can be told of it. */
export interface ReplayErrors {
  /** Mean absolute errors over the scrapes: requests, and a fraction of the KV cache. */
  running: number
  waiting: number
  kvCacheUsage: number
  /** Signed, as fractions of the recording's value; where the recording counted none, the model's count itself. */
  preemptions: number
  hitTokens: number
  /** Signed, as fractions of the recording's; null where that is 0. */
  ttftP50: number | null
  ttftP95: number | null
  e2eP50: number | null
  e2eP95: number | null
}

export const replayErrors = (recording: Recording, { requests, gauges, ...counts }: Replay): ReplayErrors => {
  const gauge = (name: 'running' | 'waiting' | 'kvCacheUsage'): number =>
    mean(recording.scrapes.map((scrape, index) => Math.abs((gauges[index]?.[name] ?? 0) - scrape[name])))
  const latency = (of: (one: Latency, startMs: number) => number, rank: number): number | null => {
    const real = recording.requests.map((one) => of(one, one.startMs))
    const modelled = requests.map((one, index) => of(one, recording.requests[index]?.startMs ?? 0))
    return relative(quantile(modelled, rank), quantile(real, rank))
  }
  return {
    running: gauge('running'),
    waiting: gauge('waiting'),
    kvCacheUsage: gauge('kvCacheUsage'),
    preemptions: share(counts.preemptions, counted(recording, 'preemptions')),
    hitTokens: share(counts.prefixHits, counted(recording, 'prefixHits')),
    ttftP50: latency(ttft, 0.5),
    ttftP95: latency(ttft, 0.95),
    e2eP50: latency(e2e, 0.5),
    e2eP95: latency(e2e, 0.95),
  }
}

// --- Internal helpers ---

const ttft = ({ firstTokenMs }: Latency, startMs: number): number => firstTokenMs - startMs
const e2e = ({ endMs }: Latency, startMs: number): number => endMs - startMs

const share = (value: number, truth: number): number => (truth === 0 ? value : (value - truth) / truth)
const relative = (value: number, truth: number): number | null => (truth > 0 ? (value - truth) / truth : null)

/** Linear between ranks, as NumPy's default. */
const quantile = (values: readonly number[], at: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = (sorted.length - 1) * at
  const below = sorted[Math.floor(rank)] ?? Number.NaN
  const above = sorted[Math.ceil(rank)] ?? Number.NaN
  return below + (above - below) * (rank - Math.floor(rank))
}
