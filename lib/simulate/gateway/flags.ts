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
  let targeted: Evaluator[] = []
  /** What the fixed ones do to every request. */
  let fixedPolicy = UNTOUCHED
  return {
    load: (document) => {
      const parsed = parseFlags(document)
      const { flags } = parsed
      const known = FLAGS.filter((flag) => flags[flag] !== undefined)
      const isTargeted = (flag: string): boolean => flags[flag]?.targeting !== undefined
      // Each in a document of its own: what is read again with each change is short.
      const evaluatorOf = (flag: string): Evaluator =>
        evaluator(JSON.stringify({ ...parsed, flags: { [flag]: flags[flag] } }), flag)
      // Without a targeting rule every request gets the same.
      fixed = known.filter((flag) => !isTargeted(flag)).map((flag) => evaluatorOf(flag)(0, 0))
      targeted = known.filter((flag) => isTargeted(flag)).map(evaluatorOf)
      fixedPolicy = copyOf(UNTOUCHED)
      for (const one of fixed) apply(one, fixedPolicy)
    },
    evaluate: (request, now) => {
      for (const one of fixed) count(one, metrics)
      if (targeted.length === 0) return fixedPolicy
      const policy = copyOf(fixedPolicy)
      for (const evaluate of targeted) {
        const evaluated = evaluate(request, now)
        count(evaluated, metrics)
        apply(evaluated, policy)
      }
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

type Evaluator = (request: number, now: number) => Evaluated

const copyOf = (policy: RequestPolicy): RequestPolicy => ({
  ...policy,
  change: { ...policy.change },
  retry: { ...policy.retry },
})

const count = (evaluated: Evaluated, metrics: Pick<GatewayMetrics, 'evaluations'>): void => {
  evaluated.counter ??= metrics.evaluations(evaluated.flag, evaluated.variant, evaluated.reason)
  evaluated.counter.value++
}

/** Each flag's parameters have names of their own. */
const apply = ({ value }: Evaluated, policy: RequestPolicy): void => {
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
 * flagd's own evaluation. It takes the time from the machine's clock, so a rule that asks for `$flagd.timestamp` asks the
 * context instead, which has the simulated second.
 */
const evaluator = (document: string, flag: string): Evaluator => {
  const isTimed = document.includes(TIMESTAMP)
  const core = coreOf(document.replaceAll(TIMESTAMP, SIMULATED_TIMESTAMP))
  let second = Number.NaN
  let known: Evaluated | null = null
  // Where no rule draws by key, all requests of one second are alike.
  const isDrawn = document.includes('fractional') || document.includes('targetingKey')
  return (request, now) => {
    const current = Math.floor(now / SECOND)
    if (isTimed && current !== second) known = null
    second = current
    if (known !== null) return known
    const {
      value,
      variant = 'default',
      reason = 'UNKNOWN',
    } = core.resolveObjectEvaluation(flag, {}, { targetingKey: String(request), simulatedTimestamp: second }, SILENT)
    const evaluated = { flag, variant, reason, value: Object.fromEntries(Object.entries(value)) }
    if (!isDrawn) known = evaluated
    return evaluated
  }
}

/** The path that rules ask for, however they spell the question. */
const TIMESTAMP = '"$flagd.timestamp"'
const SIMULATED_TIMESTAMP = '"simulatedTimestamp"'

/** Incidents read the same few documents again and again, and one costs flagd a million instructions: the last ones are kept. */
const coreOf = (document: string): FlagdCore => {
  const core = cores.get(document) ?? makeCore(document)
  cores.delete(document)
  cores.set(document, core)
  const [oldest = ''] = cores.keys()
  if (cores.size > KEPT) cores.delete(oldest)
  return core
}

const KEPT = 32
const cores = new Map<string, FlagdCore>()

const makeCore = (document: string): FlagdCore => {
  const storage = new MemoryStorage(SILENT)
  storage.setConfigurations(document)
  return new FlagdCore(storage, SILENT)
}
