import { CROWD } from '../hardware/step-cost.ts'
import type { Coefficients } from './coefficients.ts'
import { COEFFICIENTS } from './coefficients.ts'
import type { Equation } from './least-squares.ts'
import type { Latency, RecordedRequest, Recording, Scrape } from './recording.ts'
import { lastBefore, promptOf, type Work, workBetween, workSeen } from './work-seen.ts'

/** What a request's latency says of the coefficients. */
export interface RequestEquation extends Equation {
  /** The same latency of the same request, in a replay. */
  of: (replayed: readonly Latency[]) => number
}

/**
 * Linear in the coefficients, two for each request: from its first token to its last the engine did the steps that gave
 * it its tokens; and until its first token, where it did not queue, the rest of the step it came into and its own prefill.
 */
export const requestEquations = (recording: Recording): RequestEquation[] => {
  const work = workSeen(recording)
  return recording.requests.flatMap((one, at) => {
    const { startMs, firstTokenMs, endMs } = one
    const equations: RequestEquation[] = []
    const tokens = one.outputTokens - 1
    if (tokens >= LEAST_TOKENS && endMs > firstTokenMs) {
      const value = endMs - firstTokenMs
      const done = workBetween(work, firstTokenMs, endMs)
      equations.push({
        row: rowOf(scaledTo(tokens, done)),
        value,
        sigma: Math.max(value * SCATTER, value / tokens / 2),
        of: (replayed) => (replayed[at]?.endMs ?? 0) - (replayed[at]?.firstTokenMs ?? 0),
      })
    }
    if (!queued(recording.scrapes, one)) {
      const value = firstTokenMs - startMs
      const { decoding = 0, contextTokens = 0, stepMs = 0 } = lastBefore(work, startMs) ?? {}
      const own = promptOf(one, recording)
      // Those that came in between are computed along with it, or before it.
      const others = workBetween(work, startMs, firstTokenMs - SOON_MS)
      const steps = Math.ceil(own.tokens / recording.config.maxNumBatchedTokens) + (decoding > 0 ? 0.5 : 0)
      equations.push({
        row: rowOf(
          {
            steps,
            prefillTokens: own.tokens + others.prefillTokens,
            pairs: own.pairs + others.pairs,
            decoded: steps * decoding,
            context: steps * contextTokens,
            crowd: steps * Math.max(0, decoding - CROWD),
            waited: 0,
          },
          1,
        ),
        value,
        sigma: Math.max(value * SCATTER, stepMs * PHASE, SOON_MS),
        of: (replayed) => (replayed[at]?.firstTokenMs ?? 0) - startMs,
      })
    }
    return equations
  })
}

// --- Internal helpers ---

/** Fewer say little, as the step at either end counts or not. */
const LEAST_TOKENS = 4
/** How exactly steps repeat, and where in a step a request comes, in steps. */
export const SCATTER = 0.02
const PHASE = 0.3
const SOON_MS = 0.1

/** The request's own tokens say better than everybody's how many steps there were. */
const scaledTo = (steps: number, done: Work): Work => {
  const factor = done.steps > 0 ? steps / done.steps : 0
  return {
    ...done,
    steps,
    decoded: done.decoded * factor,
    context: done.context * factor,
    crowd: done.crowd * factor,
    waited: done.waited * factor,
  }
}

const rowOf = (work: Work, requests = 0): number[] => {
  const counts: Coefficients = {
    baseMs: work.steps,
    prefillMs: work.prefillTokens,
    pairMs: work.pairs,
    decodeMs: work.decoded,
    contextMs: work.context,
    crowdMs: work.crowd,
    waitingMs: work.waited,
    requestMs: requests,
    replyMs: requests,
  }
  return COEFFICIENTS.map(({ name }) => counts[name])
}

/** Whether anything waited from the last scrape before it came until the first one after its first token. */
const queued = (scrapes: readonly Scrape[], { startMs, firstTokenMs }: RecordedRequest): boolean => {
  const from = scrapes.findLastIndex(({ atMs }) => atMs <= startMs)
  const to = scrapes.findIndex(({ atMs }) => atMs > firstTokenMs)
  return scrapes.slice(Math.max(0, from), to === -1 ? undefined : to + 1).some(({ waiting }) => waiting > 0)
}
