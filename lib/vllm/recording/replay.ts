import { createEngine, type StepTime } from '../engine/engine.ts'
import type { EngineRequest } from '../engine/types.ts'
import type { FrontEndCost } from '../hardware/front-end-cost.ts'
import type { Gauges, Latency, RecordedRequest, Recording } from './recording.ts'

/** What the model makes of a recording's requests. */
export interface Replay {
  /** In the order of the recording's requests. */
  requests: readonly Latency[]
  /** At the times of the recording's scrapes. */
  gauges: readonly Gauges[]
  preemptions: number
  prefixQueries: number
  prefixHits: number
  steps: number
}

/**
 * Sends a recording's requests (arrivals, prompt and output lengths; nothing else of it) through the engine model in
 * virtual time.
 */
export const replay = (recording: Recording, stepTime: StepTime, frontEnd: FrontEndCost): Replay => {
  const engine = createEngine(recording.config, stepTime)
  const { requests: recorded, scrapes } = recording
  const requests: EngineRequest[] = []
  const gauges: Gauges[] = []
  let now = Math.min(0, recorded[0]?.startMs ?? 0)
  let steps = 0
  let shown: Gauges = { running: 0, waiting: 0, kvCacheUsage: 0 }

  const arrivalOf = (index: number): number =>
    (recorded[index]?.startMs ?? Number.POSITIVE_INFINITY) + frontEnd.requestMs
  // What a scrape reads is what the step before it left.
  const scrapeUntil = (until: number): void => {
    for (let scrape = scrapes[gauges.length]; scrape !== undefined; scrape = scrapes[gauges.length]) {
      if (scrape.atMs >= until) return
      gauges.push(shown)
    }
  }
  const receive = (): void => {
    for (let index = requests.length; arrivalOf(index) <= now; index++) {
      const one = recorded[index]
      if (one === undefined) return
      requests.push(
        engine.add(
          {
            id: String(one.index),
            prompt: promptOf(one, recording.sharedPrefixTokens),
            outputSeed: one.index,
            maxTokens: one.outputTokens,
            naturalLength: Number.POSITIVE_INFINITY,
            arrivedAt: one.startMs,
          },
          now,
        ),
      )
    }
  }

  for (;;) {
    receive()
    const step = engine.schedule(now)
    if (step === null) {
      if (requests.length === recorded.length) break
      now = arrivalOf(requests.length)
      continue
    }
    now += step.durationMs
    engine.update(now)
    if (step.scheduledTokens > 0) steps++
    scrapeUntil(now + frontEnd.replyMs)
    const { running, waiting, kvCacheUsage } = engine.stats()
    shown = { running, waiting, kvCacheUsage }
  }
  scrapeUntil(Number.POSITIVE_INFINITY)
  const { preemptions, prefixCacheQueries: prefixQueries, prefixCacheHits: prefixHits } = engine.stats()
  return {
    requests: requests.map(({ firstTokenAt, lastTokenAt }) => ({
      firstTokenMs: firstTokenAt + frontEnd.replyMs,
      endMs: lastTokenAt + frontEnd.replyMs,
    })),
    gauges,
    preemptions,
    prefixQueries,
    prefixHits,
    steps,
  }
}

// --- Internal helpers ---

/** Token ids that only a shared prefix can share, as the recordings' random ones. */
const promptOf = ({ index, promptTokens }: RecordedRequest, sharedPrefixTokens: number): Uint32Array => {
  const shared = index % 3 === 0 ? 0 : sharedPrefixTokens
  return Uint32Array.from({ length: promptTokens }, (_, position) =>
    position < shared ? position : (index + 1) * 100_000 + position,
  )
}
