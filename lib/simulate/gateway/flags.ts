import { FlagdCore, MemoryStorage } from '@openfeature/flagd-core'
import { parseFlags } from '../../core/flag-document.ts'
import { AFFINITIES, type Affinity, type RequestPolicy, UNTOUCHED } from '../../../stack/apps/gateway/flags/policy.ts'
import type { GatewayMetrics } from './metrics.ts'

/** Evaluates the feature flags of requests, as the gateway does, and counts it. */
export interface SimulatedFlags {
  /** A new document is in force. */
  load(document: string): void
  /** `now` in milliseconds since the epoch. */
  evaluate(request: number, now: number): RequestPolicy
}

const FLAGS = [
  'prompt-template',
  'runaway-max-tokens',
  'cache-busting-prefix',
  'retry-storm',
  'sticky-routing',
  'rate-limit-errors',
] as const

export const createFlags = (metrics: Pick<GatewayMetrics, 'evaluations'>): SimulatedFlags => {
  let fixed: Evaluated[] = []
  let targeted: { flag: string; evaluate(request: number, now: number): Evaluated }[] = []
  return {
    load: (document) => {
      const { flags } = parseFlags(document)
      const known = FLAGS.filter((flag) => flags[flag] !== undefined)
      const isTargeted = (flag: string): boolean => flags[flag]?.targeting !== undefined
      // Without a targeting rule every request gets the same.
      const evaluate = evaluator(JSON.stringify(JSON.parse(document)))
      fixed = known.filter((flag) => !isTargeted(flag)).map((flag) => evaluate(flag, 0, 0))
      targeted = known
        .filter((flag) => isTargeted(flag))
        .map((flag) => ({ flag, evaluate: (request, now) => evaluate(flag, request, now) }))
    },
    evaluate: (request, now) => {
      const policy = { ...UNTOUCHED, change: { ...UNTOUCHED.change }, retry: { ...UNTOUCHED.retry } }
      for (const one of fixed) apply(one, policy, metrics)
      for (const { evaluate } of targeted) apply(evaluate(request, now), policy, metrics)
      return policy
    },
  }
}

// --- Internal helpers ---

interface Evaluated {
  flag: string
  variant: string
  reason: string
  value: Readonly<Record<string, unknown>>
  /** Made when it is first counted. */
  counter?: { value: number }
}

/** Each flag's parameters have names of their own. */
const apply = (evaluated: Evaluated, policy: RequestPolicy, metrics: Pick<GatewayMetrics, 'evaluations'>): void => {
  const { flag, variant, reason, value } = evaluated
  evaluated.counter ??= metrics.evaluations(flag, variant, reason)
  evaluated.counter.value++
  const { change, retry } = policy
  const { tokens, maxTokens, enabled, retries, timeoutMs, affinity, retryAfterSeconds } = value
  if (typeof tokens === 'number') change.contextTokens = tokens
  if (typeof maxTokens === 'number') change.maxTokens = maxTokens
  if (typeof enabled === 'boolean') change.uniquePrefix = enabled
  if (typeof retries === 'number') retry.retries = retries
  if (typeof timeoutMs === 'number') retry.timeoutMs = timeoutMs
  if (isAffinity(affinity)) policy.affinity = affinity
  if (typeof retryAfterSeconds === 'number') policy.retryAfterSeconds = retryAfterSeconds
}

const isAffinity = (value: unknown): value is Affinity => AFFINITIES.some((known) => known === value)

const SILENT = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
const SECOND = 1_000

/**
 * flagd's own evaluation. It takes the time from the machine's clock, so the rule's `$flagd.timestamp` is answered here: the
 * document is evaluated with the simulated second written in, once for each second in which somebody asks.
 */
const evaluator = (document: string): ((flag: string, request: number, now: number) => Evaluated) => {
  const isTimed = document.includes(TIMESTAMP)
  let second = Number.NaN
  let core = makeCore(document)
  const known = new Map<string, Evaluated>()
  // Where no rule draws by key, all requests of one second are alike.
  const isDrawn = document.includes('fractional') || document.includes('targetingKey')
  return (flag, request, now) => {
    const current = Math.floor(now / SECOND)
    if (isTimed && current !== second) {
      second = current
      core = makeCore(document.replaceAll(TIMESTAMP, String(current)))
      known.clear()
    }
    const key = isDrawn ? `${flag} ${request}` : flag
    const before = known.get(key)
    if (before !== undefined) return before
    const {
      value,
      variant = 'default',
      reason = 'UNKNOWN',
    } = core.resolveObjectEvaluation(flag, {}, { targetingKey: String(request) }, SILENT)
    const evaluated = { flag, variant, reason, value: Object.fromEntries(Object.entries(value)) }
    if (!isDrawn) known.set(key, evaluated)
    return evaluated
  }
}

const TIMESTAMP = '{"var":"$flagd.timestamp"}'

const makeCore = (document: string): FlagdCore => {
  const storage = new MemoryStorage(SILENT)
  storage.setConfigurations(document)
  return new FlagdCore(storage, SILENT)
}
