import { randomUUID } from 'node:crypto'
import { type Client, type Hook, type JsonValue, OpenFeature, StandardResolutionReasons } from '@openfeature/server-sdk'
import { z } from 'zod'
import { errorMessage } from '../../../../lib/core/errors.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { followFile } from '../follow-file.ts'
import { AFFINITIES, type Affinity, type RequestPolicy } from './policy.ts'
import { flagdProvider } from './provider.ts'

export interface Flags {
  /** Evaluates every flag for one request, and counts it. Never throws: what cannot be evaluated is off. */
  evaluate(requestId: string): Promise<RequestPolicy>
}

export interface FlagsOptions {
  path: string
  metrics: Metrics
  log: Log
  signal: AbortSignal
}

/** Follows the flag document at `path` and evaluates it by OpenFeature. */
export const openFlags = async ({ path, metrics, log, signal }: FlagsOptions): Promise<Flags> => {
  const provider = flagdProvider({
    error: (text: unknown) => log('error', String(text)),
    warn: (text: unknown) => log('warn', String(text)),
    info: () => undefined,
    debug: () => undefined,
  })
  let fixed: Fixed = new Map()
  const onText = (text: string | null): void => {
    try {
      if (text === null) throw new Error('there is no such file')
      provider.load(text)
      fixed = new Map()
      metrics.flagsLastReloadSuccess.set(1)
      log('info', 'flags loaded', { path })
    } catch (error) {
      metrics.flagsLastReloadSuccess.set(0)
      log('error', 'flags not loaded: the ones before stay in force', { path, error: errorMessage(error) })
    }
  }
  await followFile({ path, onText, signal })
  // OpenFeature's registry is one for the process: a domain of its own for each provider.
  const domain = randomUUID()
  await OpenFeature.setProviderAndWait(domain, provider)
  const client = OpenFeature.getClient(domain)
  client.addHooks(countEvaluations(metrics))
  return { evaluate: (requestId) => evaluate(client, metrics, fixed, requestId) }
}

// --- Internal helpers ---

const PromptTemplate = z.object({ tokens: z.number().int().nonnegative() })
const RunawayMaxTokens = z.object({ maxTokens: z.number().int().nonnegative() })
const CacheBustingPrefix = z.object({ enabled: z.boolean() })
const RetryStorm = z.object({ retries: z.number().int().nonnegative(), timeoutMs: z.number().nonnegative() })
const StickyRouting = z.object({ affinity: z.enum(AFFINITIES) })
const RateLimitErrors = z.object({ retryAfterSeconds: z.number().int().nonnegative() })

/** Flags without a targeting rule, as one document has them: every request gets the same, and OpenFeature need not be asked. */
type Fixed = Map<string, { value: JsonValue; variant: string }>

const evaluate = async (
  client: Client,
  { flagEvaluations }: Metrics,
  fixed: Fixed,
  targetingKey: string,
): Promise<RequestPolicy> => {
  const ask = async (flag: string, off: JsonValue): Promise<JsonValue> => {
    const known = fixed.get(flag)
    if (known !== undefined) {
      flagEvaluations.inc({ flag, variant: known.variant, reason: StandardResolutionReasons.STATIC })
      return known.value
    }
    const { value, variant, reason } = await client.getObjectDetails<JsonValue>(flag, off, { targetingKey })
    if (reason === StandardResolutionReasons.STATIC && variant !== undefined) fixed.set(flag, { value, variant })
    return value
  }
  const value = async <T extends JsonValue>(key: string, schema: z.ZodType<T>, off: T): Promise<T> =>
    schema.safeParse(await ask(key, off)).data ?? off
  const [template, runaway, busting, retry, sticky, limit] = await Promise.all([
    value('prompt-template', PromptTemplate, { tokens: 0 }),
    value('runaway-max-tokens', RunawayMaxTokens, { maxTokens: 0 }),
    value('cache-busting-prefix', CacheBustingPrefix, { enabled: false }),
    value('retry-storm', RetryStorm, { retries: 0, timeoutMs: 0 }),
    value<{ affinity: Affinity }>('sticky-routing', StickyRouting, { affinity: 'none' }),
    value('rate-limit-errors', RateLimitErrors, { retryAfterSeconds: 0 }),
  ])
  const change = { contextTokens: template.tokens, maxTokens: runaway.maxTokens, uniquePrefix: busting.enabled }
  return { change, retry, affinity: sticky.affinity, retryAfterSeconds: limit.retryAfterSeconds }
}

const countEvaluations = ({ flagEvaluations }: Metrics): Hook => ({
  finally: ({ flagKey }, { variant = 'default', reason = 'UNKNOWN' }) => {
    flagEvaluations.inc({ flag: flagKey, variant, reason })
  },
})
