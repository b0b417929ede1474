import type { RetryPolicy } from './flags/policy.ts'
import { callUpstream, type UpstreamCall, type UpstreamOptions, type UpstreamOutcome } from './upstream.ts'

export interface RetriedCall {
  /** What the client is to be given. */
  outcome: UpstreamOutcome
  /** The client has its answer: nothing is sent any more; what was sent goes on. */
  settle(): void
}

/**
 * A client with a timeout that is shorter than the answers, and without back-off: while the answer is not complete after each
 * `timeoutMs`, and at once where a call failed, it calls again, at most `retries` times in all. Nothing ends the calls before:
 * the engines work on each to its end, unless the client itself leaves. The first answer is the one that is relayed.
 */
export const callWithRetries = async (
  options: UpstreamOptions,
  call: UpstreamCall,
  { retries, timeoutMs }: RetryPolicy,
  signal: AbortSignal,
): Promise<RetriedCall> => {
  let sent = 0
  const mayCall = (): boolean => sent < retries && !signal.aborted
  const again = (reason: 'slow' | 'failed'): Promise<UpstreamOutcome> => {
    sent += 1
    options.metrics.upstreamRetries.inc({ reason })
    return callUpstream(options, { ...call, headers: numbered(call, sent) }, signal)
  }
  const timer = setInterval(() => {
    if (mayCall()) void again('slow').then(discard)
    else clearInterval(timer)
  }, timeoutMs)
  const settle = (): void => clearInterval(timer)
  let outcome = await callUpstream(options, call, signal)
  while (failed(outcome) && mayCall()) {
    discard(outcome)
    outcome = await again('failed')
  }
  return { outcome, settle }
}

// --- Internal helpers ---

/** An engine takes an id once at a time. */
const numbered = ({ headers }: UpstreamCall, retry: number): UpstreamCall['headers'] => ({
  ...headers,
  'x-request-id': `${String(headers['x-request-id'])}-retry-${retry}`,
})

const failed = (outcome: UpstreamOutcome): boolean =>
  outcome.kind === 'failed' || (outcome.kind === 'answer' && (outcome.message.statusCode ?? 0) >= 500)

/** Read to its end by nobody: the engine is not told that nobody waits. */
const discard = (outcome: UpstreamOutcome): void => {
  if (outcome.kind !== 'answer') return
  outcome.message.once('error', () => undefined)
  outcome.message.resume()
}
