import { judge } from './bounds.ts'
import { replayErrors } from './errors.ts'
import { mean } from './mean.ts'
import type { Latency, Recording } from './recording.ts'
import type { Replay } from './replay.ts'

/**
 * How bad a replay is, in one number for a search: the errors in shares of their bounds, squared, and every single
 * request's latencies, so that the search has a slope where the percentiles and counts have steps. What nears its bound
 * weighs more, so that no error is bought with another; with `missWeight` so much more that none is missed.
 */
export const replayCost = (recording: Recording, replayed: Replay, missWeight: number): number => {
  const shares = judge(recording, replayErrors(recording, replayed)).map(({ ratio }) => ratio)
  const requests = recording.requests.map((real, index) =>
    distance(real, replayed.requests[index] ?? real, real.startMs),
  )
  const beyond = (from: number): number => shares.reduce((sum, share) => sum + Math.max(0, share - from), 0)
  return mean(shares.map((share) => share ** 2)) + mean(requests) + beyond(NEAR) + missWeight * beyond(ALMOST_MISSED)
}

/** The shares of a bound from which on an error weighs more, and as almost missed. */
const NEAR = 0.8
const ALMOST_MISSED = 0.95

// --- Internal helpers ---

const distance = (real: Latency, modelled: Latency, startMs: number): number =>
  logRatio(modelled.firstTokenMs - startMs, real.firstTokenMs - startMs) +
  logRatio(modelled.endMs - startMs, real.endMs - startMs)

/** The same for half as for twice as long. */
const logRatio = (a: number, b: number): number => Math.abs(Math.log(Math.max(a, 0.1) / Math.max(b, 0.1)))
