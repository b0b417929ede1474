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
  const { chosen, clock, kv, running, waiting } = batch
  /** False in a paused step: nobody gets a token. */
  let active = false
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
      begin(chosen, now)
      active = admission !== 'closed'
      if (!active) {
        chosen.waitingRequests = waiting.size()
        return chosen
      }
      clock.inFlight = true
      // Whoever is alone starves nobody.
      const alone = running.size() + waiting.size() <= 1
      const chunk = alone ? 0 : (config.longPrefillTokenThreshold ?? 0)
      const budget = scheduleRunning(batch, chunk)
      if (chosen.preempted.length === 0 && admission === 'open') scheduleWaiting(batch, chunk, budget, now)
      measure(batch)
      return chosen
    },
    emit: (now) => {
      clock.inFlight = false
      if (!active) return NOTHING
      emit(batch, now)
      return batch.emission
    },
    emitted: () => (active ? emittedOf(batch) : []),
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

const begin = (chosen: Chosen, now: number): void => {
  chosen.startedAt = now
  chosen.durationMs = 0
  chosen.prefillTokens = 0
  chosen.prefillPairs = 0
  chosen.decodeSequences = 0
  chosen.contextTokens = 0
  chosen.waitingRequests = 0
  chosen.scheduledTokens = 0
  chosen.preempted = none()
  chosen.prefixRequests = 0
  chosen.prefixQueries = 0
  chosen.prefixHits = 0
}

/** What there is to compute for those that are scheduled. */
const measure = ({ chosen, decoding, irregular, waiting }: Batch): void => {
  chosen.decodeSequences = decoding.size()
  chosen.contextTokens = decoding.contextTokens()
  chosen.scheduledTokens = decoding.size()
  chosen.waitingRequests = waiting.size()
  for (const sequence of irregular) {
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
}

const emit = (batch: Batch, now: number): void => {
  const { clock, decoding, emission, kv, running } = batch
  const [steadyGap] = batch.steadyGaps
  let gaps = none<TokenGap>()
  let toldPreemptions = 0
  let emittedCount = decoding.size()
  steadyGap.gapMs = now - clock.endedAt
  steadyGap.count = emittedCount

  clock.tick++
  clock.previousEndedAt = clock.endedAt
  clock.endedAt = now
  let finished = decoding.takeFinished()

  // Of most steps all of these get their first token: the list becomes that of those who did.
  const firstTokens = inOrder(batch.irregular)
  let first = 0
  batch.irregular = none()
  for (const sequence of firstTokens) {
    const { stepTokens } = sequence
    sequence.stepTokens = 0
    if (stepTokens === 0 || sequence.computedTokens < sequence.totalTokens) {
      batch.irregular = added(batch.irregular, sequence)
      continue
    }
    sequence.takeToken(now)
    emittedCount++
    if (sequence.outputTokens === 1) firstTokens[first++] = sequence
    else gaps = added(gaps, { gapMs: now - sequence.previousTokenAt, count: 1 })
    toldPreemptions += sequence.untoldPreemptions
    sequence.untoldPreemptions = 0
    if (sequence.outputTokens >= sequence.targetTokens) finished = added(finished, sequence)
    else decoding.join(sequence)
  }
  if (first < firstTokens.length) firstTokens.length = first
  for (const sequence of inOrder(finished)) {
    running.remove(sequence)
    kv.free(sequence)
    sequence.status = 'finished'
    sequence.finishReason = reasonOf(sequence)
  }
  emission.emittedCount = emittedCount
  emission.firstTokens = firstTokens
  const steadyGaps = steadyGap.count > 0 ? batch.steadyGaps : none<TokenGap>()
  emission.gaps = gaps.length === 0 ? steadyGaps : [...steadyGaps, ...gaps]
  emission.finished = finished
  emission.toldPreemptions = toldPreemptions
}

/** Whoever got a token either goes on in steady decode or has just finished. */
const emittedOf = ({ running, emission: { finished } }: Batch): Sequence[] => {
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
