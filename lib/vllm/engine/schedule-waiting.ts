import { added } from './added.ts'
import { type Batch, limited } from './batch.ts'
import { hitBlocks } from './prefix-index.ts'

/** Admits the head of the waiting queue until budget, seats or blocks are short: nothing behind it is tried. */
export const scheduleWaiting = (batch: Batch, chunk: number, tokensLeft: number, now: number): void => {
  const { chosen, clock, config, kv, running, waiting } = batch
  const { blockSize, enableChunkedPrefill = true, enablePrefixCaching, maxNumSeqs } = config
  let budget = tokensLeft
  while (budget > 0 && running.size() < maxNumSeqs) {
    const sequence = waiting.first()
    if (sequence === null) return
    const hits = kv.lookup(sequence)
    const total = sequence.totalTokens
    const cached = hitBlocks(hits) * blockSize
    const wanted = limited(total - cached, chunk)
    if (!enableChunkedPrefill && wanted > budget) return
    const tokens = Math.min(wanted, budget)
    sequence.order = (running.last()?.order ?? 0) + 1
    if (!kv.admit(sequence, hits, tokens, running.size() > 0, clock.tick)) return
    if (enablePrefixCaching && sequence.preemptions === 0) {
      chosen.prefixRequests++
      chosen.prefixQueries += total
      chosen.prefixHits += cached
    }
    if (sequence.cachedTokens < 0) sequence.cachedTokens = cached
    if (Number.isNaN(sequence.scheduledAt)) sequence.scheduledAt = now
    waiting.remove(sequence)
    running.append(sequence)
    sequence.status = 'running'
    sequence.computedTokens = cached
    sequence.stepTokens = tokens
    batch.irregular = added(batch.irregular, sequence)
    budget -= tokens
  }
}
