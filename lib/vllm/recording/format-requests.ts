import { REQUEST_FIELDS, type Request } from './format-schema.ts'
import { notModelled, notRecording } from './not-recording.ts'
import type { AbortedRequest, LeftOut, RecordedRequest, Recording } from './recording.ts'
import { unreadFields } from './unread-fields.ts'

export interface SortedRequests extends Pick<Recording, 'requests' | 'aborted'> {
  leftOut: Omit<LeftOut, 'scrapes'>
  warnings: readonly string[]
}

/**
 * What became of each request: answered in full, given up by its client at a known time, refused by the server, or
 * nobody knows when it ended. `policy` is null where the recording does not say it.
 */
export const sortRequests = (rows: readonly Request[], policy: string | null, name: string): SortedRequests => {
  requireModelled(rows, policy, name)
  requireDistinct(rows, name)
  const requests: RecordedRequest[] = []
  const aborted: AbortedRequest[] = []
  let [refused, withoutEnd] = [0, 0]
  for (const row of rows) {
    const { i: index, start_s, prompt_tokens: promptTokens, output_tokens, first_token_s, end_s, priority } = row
    if (isRefused(row)) refused++
    else if (typeof start_s !== 'number' || typeof end_s !== 'number') withoutEnd++
    else {
      const sent = { index, startMs: start_s * 1_000, promptTokens, ...(priority ? { priority } : {}) }
      requireOrder({ index, start_s, first_token_s: first_token_s ?? null, end_s }, name)
      if (isWhole(row) && typeof first_token_s === 'number' && output_tokens) {
        requests.push({
          ...sent,
          outputTokens: output_tokens,
          firstTokenMs: first_token_s * 1_000,
          endMs: end_s * 1_000,
        })
      } else aborted.push({ ...sent, maxTokens: row.max_tokens ?? UNLIMITED, abortedMs: end_s * 1_000 })
    }
  }
  const byStart = (a: { startMs: number }, b: { startMs: number }): number => a.startMs - b.startMs
  return {
    requests: requests.sort(byStart),
    aborted: aborted.sort(byStart),
    leftOut: { refused, withoutEnd },
    warnings: unreadFields('requests', rows, REQUEST_FIELDS, NO_EFFECT),
  }
}

// --- Internal helpers ---

const UNLIMITED = Number.POSITIVE_INFINITY

/** No status, or k6's 0, is no answer: the client gave up, or the connection broke. */
const isRefused = ({ status }: Request): boolean => typeof status === 'number' && status !== 0 && status !== 200

const isWhole = ({ status, aborted, finish_reason }: Request): boolean =>
  status === 200 && aborted !== true && finish_reason !== 'abort'

const requireOrder = (
  at: { index: number; start_s: number; first_token_s: number | null; end_s: number },
  name: string,
): void => {
  const { index, start_s, first_token_s, end_s } = at
  if (start_s <= (first_token_s ?? start_s) && (first_token_s ?? start_s) <= end_s) return
  const answers = first_token_s === null ? '' : ` answers at ${first_token_s} s,`
  throw notRecording(name, `request ${index}, which starts at ${start_s} s,${answers} ends at ${end_s} s`)
}

/** A prompt's tokens follow from its index: two with one index would find each other in the prefix cache. */
const requireDistinct = (rows: readonly Request[], name: string): void => {
  const seen = new Set<number>()
  for (const { i } of rows) {
    if (seen.has(i)) throw notRecording(name, `two requests with i = ${i}; number them all differently`)
    seen.add(i)
  }
}

const requireModelled = (rows: readonly Request[], policy: string | null, name: string): void => {
  const several = rows.find(({ n, best_of }) => (n ?? 1) > 1 || (typeof best_of === 'number' && best_of > 1))
  if (several !== undefined) {
    const found = `request ${several.i} with n = ${several.n ?? 1}: a recording has the times of one answer to each`
    throw notModelled(name, found, 'record requests with n = 1')
  }
  const important = policy === null ? rows.find(({ priority }) => (priority ?? 0) !== 0) : undefined
  if (important !== undefined) {
    const found = `request ${important.i} with priority ${important.priority}, and no server.scheduling_policy`
    throw notModelled(name, found, 'set server.scheduling_policy to what the server had: "fcfs" or "priority"')
  }
}

/** The plan, names, and what `n` has been asked about. */
const NO_EFFECT = new Set(['planned_s', 'events', 'seed', 'error', 'id', 'request_id', 'best_of'])
