import { createEngine, type StepTime } from '../engine/engine.ts'
import type { EngineRequest, EngineStats } from '../engine/types.ts'
import type { FrontEndCost } from '../hardware/front-end-cost.ts'
import { type Counters, counted, type Gauges, type Latency, type Recording, type SentRequest } from './recording.ts'

/** What the model makes of a recording's requests; counts are from the first scrape to the last, as the recording's. */
export interface Replay extends Counters {
  /** In the order of the recording's requests; those that were aborted are not among them. */
  requests: readonly Latency[]
  /** At the times of the recording's scrapes. */
  gauges: readonly Gauges[]
  steps: number
}

/**
 * Sends a recording's requests (arrivals, prompt and output lengths, when clients left; nothing else of it) through the
 * engine model in virtual time.
 */
export const replay = (recording: Recording, stepTime: StepTime, frontEnd: FrontEndCost): Replay => {
  const engine = createEngine(recording.config, stepTime)
  const { scrapes } = recording
  const sent = sentRequests(recording)
  const aborts = recording.aborted
    .map(({ index, abortedMs }) => ({ index, atMs: abortedMs + frontEnd.requestMs }))
    .sort((a, b) => a.atMs - b.atMs)
  const received = new Map<number, EngineRequest>()
  const shown: (Gauges & Counters)[] = []
  let last: Gauges & Counters = NOTHING
  let now = Math.min(0, sent[0]?.startMs ?? 0)
  let [steps, empty, withdrawn] = [0, 0, 0]

  const arrivalOf = (place: number): number => (sent[place]?.startMs ?? Number.POSITIVE_INFINITY) + frontEnd.requestMs
  // What a scrape reads is what the step before it left.
  const scrapeUntil = (until: number): void => {
    for (let scrape = scrapes[shown.length]; scrape !== undefined; scrape = scrapes[shown.length]) {
      if (scrape.atMs >= until) return
      shown.push(last)
    }
  }
  const receive = (): void => {
    for (let place = received.size; arrivalOf(place) <= now; place++) {
      const one = sent[place]
      if (one === undefined) return
      const init = {
        id: String(one.index),
        prompt: promptOf(one, recording.sharedPrefixTokens),
        outputSeed: one.index,
        maxTokens: one.maxTokens,
        naturalLength: Number.POSITIVE_INFINITY,
        arrivedAt: one.startMs,
        priority: one.priority ?? 0,
      }
      received.set(one.index, engine.add(init, now))
    }
  }
  const withdraw = (): void => {
    for (let abort = aborts[withdrawn]; abort !== undefined && abort.atMs <= now; abort = aborts[withdrawn]) {
      const request = received.get(abort.index)
      if (request === undefined) return
      engine.abort(request)
      withdrawn++
    }
  }

  for (;;) {
    receive()
    withdraw()
    const step = engine.schedule(now)
    if (step !== null) {
      now += step.durationMs
      // Who left during the step gets none of its tokens; who came in it is received at its end.
      withdraw()
      engine.update(now)
      if (step.scheduledTokens > 0) steps++
      scrapeUntil(now + frontEnd.replyMs)
      last = read(engine.stats())
      empty = step.scheduledTokens > 0 ? 0 : empty + 1
      if (empty < STUCK) continue
    }
    const next = Math.min(arrivalOf(received.size), aborts[withdrawn]?.atMs ?? Number.POSITIVE_INFINITY)
    if (next === Number.POSITIVE_INFINITY) {
      if (step === null) break
      throw new Error(`replaying ${recording.name}: ${engine.unfinished()} requests wait for what never comes`)
    }
    now = Math.max(now, next)
    empty = 0
  }
  scrapeUntil(Number.POSITIVE_INFINITY)
  return {
    requests: recording.requests.map(({ index }) => {
      const { firstTokenAt = Number.NaN, lastTokenAt = Number.NaN } = received.get(index) ?? {}
      return { firstTokenMs: firstTokenAt + frontEnd.replyMs, endMs: lastTokenAt + frontEnd.replyMs }
    }),
    gauges: shown,
    preemptions: counted({ scrapes: shown }, 'preemptions'),
    prefixQueries: counted({ scrapes: shown }, 'prefixQueries'),
    prefixHits: counted({ scrapes: shown }, 'prefixHits'),
    steps,
  }
}

// --- Internal helpers ---

/** So many steps in a row without a token: an abort makes one, a preemption too; a head that fits nowhere makes no end of them. */
const STUCK = 3

const NOTHING: Gauges & Counters = {
  running: 0,
  waiting: 0,
  kvCacheUsage: 0,
  preemptions: 0,
  prefixQueries: 0,
  prefixHits: 0,
}

const read = (stats: EngineStats): Gauges & Counters => ({
  running: stats.running,
  waiting: stats.waiting,
  kvCacheUsage: stats.kvCacheUsage,
  preemptions: stats.preemptions,
  prefixQueries: stats.prefixCacheQueries,
  prefixHits: stats.prefixCacheHits,
})

const sentRequests = ({ requests, aborted, config }: Recording): (SentRequest & { maxTokens: number })[] => {
  const mostTokens = (config.numGpuBlocks - 1) * config.blockSize + 1
  return [
    ...requests.map((one) => ({ ...one, maxTokens: one.outputTokens })),
    ...aborted.map((one) => ({ ...one, maxTokens: Math.min(one.maxTokens, mostTokens - one.promptTokens) })),
  ].sort((a, b) => a.startMs - b.startMs)
}

/** Token ids that only a shared prefix can share, as the recordings' random ones. */
const promptOf = ({ index, promptTokens }: SentRequest, sharedPrefixTokens: number): Uint32Array => {
  const shared = index % 3 === 0 ? 0 : sharedPrefixTokens
  return Uint32Array.from({ length: promptTokens }, (_, position) =>
    position < shared ? position : (index + 1) * 100_000 + position,
  )
}
