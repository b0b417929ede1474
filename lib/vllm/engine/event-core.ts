import { added, none } from './added.ts'
import { type Batch, createBatch, leave, preempt } from './batch.ts'
import type { Chosen, Core, Emission } from './core.ts'
import { scheduleRunning } from './schedule-running.ts'
import { scheduleWaiting } from './schedule-waiting.ts'
import { Sequence } from './sequence.ts'
import { inOrder } from './sequence-list.ts'
import type { EngineConfig, EngineRequest, FinishReason, TokenGap } from './types.ts'

/**
 * The scheduler as a calendar: a step costs what is special in it (prefills, full blocks, ends), not what all sequences
 * do alike. Its results are those of `testing/plain-core.ts`, step by step, whatever number of pages the calendar has.
 */
export const createEventCore = (config: EngineConfig, pages = PAGES): Core => {
  const batch = createBatch(config, pages)
  const { clock, kv, running, waiting } = batch
  /** False in a paused step: nobody gets a token. */
  let active = false
  let finished: readonly Sequence[] = []
  let queued = 0

  return {
    create: (init) => new Sequence(init, config.maxModelLen, clock),
    enqueue: (request, now) => {
      const sequence = own(request)
      sequence.queuedAt = now
      sequence.number = ++queued
      if (config.policy === 'priority') waiting.insert(sequence)
      else waiting.append(sequence)
    },
    abort: (request) => {
      const sequence = own(request)
      if (sequence.status === 'running') leave(batch, sequence)
      else waiting.remove(sequence)
      sequence.status = 'finished'
      sequence.finishReason = 'abort'
    },
    running: running.size,
    waiting: waiting.size,
    unfinished: () => [...running.all(), ...waiting.all()].toSorted((one, other) => one.number - other.number),
    preemptAll: () => {
      for (let last = running.last(); last !== null; last = running.last()) preempt(batch, last)
    },
    freeBlocks: kv.freeBlocks,
    usage: kv.usage,
    resetCache: kv.reset,
    schedule: (now, admission) => {
      batch.preempted = none()
      batch.prefixRequests = 0
      batch.prefixQueries = 0
      batch.prefixHits = 0
      active = admission !== 'closed'
      if (!active) return chosenOf(batch, now, false)
      clock.inFlight = true
      // Whoever is alone starves nobody.
      const alone = running.size() + waiting.size() <= 1
      const chunk = alone ? 0 : (config.longPrefillTokenThreshold ?? 0)
      const budget = scheduleRunning(batch, chunk)
      if (batch.preempted.length === 0 && admission === 'open') scheduleWaiting(batch, chunk, budget, now)
      return chosenOf(batch, now, true)
    },
    emit: (now) => {
      clock.inFlight = false
      if (!active) return NOTHING
      const emission = emit(batch, now)
      finished = emission.finished
      return emission
    },
    emitted: () => (active ? emittedOf(batch, finished) : []),
  }
}

// --- Internal helpers ---

/** Steps: few answers are longer. */
const PAGES = 1_024

const NOTHING: Emission = {
  emittedCount: 0,
  firstTokens: [],
  gaps: [],
  finished: [],
  toldPreemptions: 0,
}

const own = (request: EngineRequest): Sequence => {
  if (!(request instanceof Sequence)) throw new Error(`request ${request.id} belongs to another engine`)
  return request
}

const chosenOf = (batch: Batch, startedAt: number, active: boolean): Chosen => {
  const { decoding, preempted, prefixRequests, prefixQueries, prefixHits, waiting } = batch
  const steady = active ? decoding.size() : 0
  const chosen = {
    startedAt,
    durationMs: 0,
    prefillTokens: 0,
    prefillPairs: 0,
    decodeSequences: steady,
    contextTokens: active ? decoding.contextTokens() : 0,
    waitingRequests: waiting.size(),
    scheduledTokens: steady,
    preempted,
    prefixRequests,
    prefixQueries,
    prefixHits,
  }
  if (!active) return chosen
  for (const sequence of batch.irregular) {
    const { stepTokens } = sequence
    if (stepTokens === 0) continue
    const computed = sequence.computedTokens + stepTokens
    sequence.computedTokens = computed
    chosen.scheduledTokens += stepTokens
    if (stepTokens === 1) {
      chosen.decodeSequences++
      chosen.contextTokens += computed
    } else {
      chosen.prefillTokens += stepTokens
      chosen.prefillPairs += stepTokens * (computed - (stepTokens - 1) / 2)
    }
  }
  return chosen
}

const emit = (batch: Batch, now: number) => {
  const { clock, decoding, kv, running } = batch
  let firstTokens = none<Sequence>()
  let toldPreemptions = 0
  let emittedCount = decoding.size()
  let gaps = emittedCount > 0 ? [{ gapMs: now - clock.endedAt, count: emittedCount }] : none<TokenGap>()

  clock.tick++
  clock.previousEndedAt = clock.endedAt
  clock.endedAt = now
  let finished = decoding.takeFinished()

  if (batch.irregular.length > 0) {
    let still = none<Sequence>()
    for (const sequence of inOrder(batch.irregular)) {
      const { stepTokens } = sequence
      sequence.stepTokens = 0
      if (stepTokens === 0 || sequence.computedTokens < sequence.totalTokens) {
        still = added(still, sequence)
        continue
      }
      sequence.takeToken(now)
      emittedCount++
      if (sequence.outputTokens === 1) firstTokens = added(firstTokens, sequence)
      else gaps = added(gaps, { gapMs: now - sequence.previousTokenAt, count: 1 })
      toldPreemptions += sequence.untoldPreemptions
      sequence.untoldPreemptions = 0
      if (sequence.outputTokens >= sequence.targetTokens) finished = added(finished, sequence)
      else decoding.join(sequence)
    }
    batch.irregular = still
  }
  for (const sequence of inOrder(finished)) {
    running.remove(sequence)
    kv.free(sequence)
    sequence.status = 'finished'
    sequence.finishReason = reasonOf(sequence)
  }
  return { emittedCount, firstTokens, gaps, finished, toldPreemptions }
}

/** Whoever got a token either goes on in steady decode or has just finished. */
const emittedOf = ({ running }: Batch, finished: readonly Sequence[]): Sequence[] => {
  const list: Sequence[] = []
  let ended = 0
  for (let at = running.first(); at !== null; at = at.next) {
    for (let one = finished[ended]; one !== undefined && one.order < at.order; one = finished[++ended]) list.push(one)
    if (at.steady) list.push(at)
  }
  return [...list, ...finished.slice(ended)]
}

const reasonOf = ({ outputTokens, naturalLength }: Sequence): FinishReason =>
  outputTokens >= naturalLength ? 'stop' : 'length'
