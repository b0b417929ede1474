import { z } from 'zod'
import type { Random } from '../../lib/core/random.ts'

/** What another recording has of it, too: whatever became of it there is dropped. */
export const PlannedRequest = z.object({
  i: z.int(),
  /** Seconds from the recording's start. */
  planned_s: z.number(),
  prompt_tokens: z.int(),
  max_tokens: z.int(),
})
export type PlannedRequest = z.infer<typeof PlannedRequest>

export interface Pattern {
  /** Requests a second at the start and at the end; between them it changes evenly. */
  from: number
  to: number
  seconds: number
  /** Each request draws one of these. */
  promptTokens: readonly number[]
  outputTokens: readonly number[]
}

/** Arrivals of a Poisson process whose rate changes evenly, by thinning one of the highest rate. */
export const planRequests = (pattern: Pattern, random: Random): PlannedRequest[] => {
  const { from, to, seconds, promptTokens, outputTokens } = pattern
  const highest = Math.max(from, to)
  const draw = (values: readonly number[]): number => values[random.int(values.length)] ?? 1
  const planned: PlannedRequest[] = []
  for (let at = gap(random, highest); at < seconds; at += gap(random, highest)) {
    if (random.next() * highest >= from + ((to - from) * at) / seconds) continue
    planned.push({
      i: planned.length,
      planned_s: round(at),
      prompt_tokens: draw(promptTokens),
      max_tokens: draw(outputTokens),
    })
  }
  return planned
}

/** Random ids, but for the first `shared` of every request whose index is no multiple of three: those are the same. */
export const promptOf = (
  { i, prompt_tokens }: PlannedRequest,
  shared: number,
  { ids, random, common }: { ids: number; random: Random; common: Random },
): number[] => {
  const prefix = Array.from({ length: shared }, () => FIRST_ID + common.int(ids - FIRST_ID))
  const own = i % 3 === 0 ? 0 : Math.min(shared, prompt_tokens)
  return [
    ...prefix.slice(0, own),
    ...Array.from({ length: prompt_tokens - own }, () => FIRST_ID + random.int(ids - FIRST_ID)),
  ]
}

// --- Internal helpers ---

/** Below it, vocabularies keep what is no text: end of sequence, padding. */
const FIRST_ID = 16

const gap = (random: Random, rate: number): number => -Math.log(1 - random.next()) / rate
const round = (seconds: number): number => Math.round(seconds * 10_000) / 10_000
