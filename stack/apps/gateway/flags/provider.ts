import type { EvaluationContext, JsonValue, Logger, Provider, ResolutionDetails } from '@openfeature/server-sdk'
import { FlagdCore, MemoryStorage } from '@openfeature/flagd-core'

/** An in-process OpenFeature provider over flagd's own evaluation engine. */
export interface FlagdProvider extends Provider {
  /** Takes a whole flag document (flagd schema). Throws where it is not valid, and keeps the one in force. */
  load(document: string): void
}

export const flagdProvider = (logger: Logger): FlagdProvider => {
  const storage = new MemoryStorage(logger)
  const core = new FlagdCore(storage, logger)
  return {
    metadata: { name: 'flagd-file' },
    runsOn: 'server',
    // Strict: a document without flags, or with a misspelt key, must not switch everything off in silence.
    load: (document) => void storage.setConfigurations(document, true),
    resolveBooleanEvaluation: async (key, fallback, context) => core.resolveBooleanEvaluation(key, fallback, context),
    resolveStringEvaluation: async (key, fallback, context) => core.resolveStringEvaluation(key, fallback, context),
    resolveNumberEvaluation: async (key, fallback, context) => core.resolveNumberEvaluation(key, fallback, context),
    resolveObjectEvaluation: async <T extends JsonValue>(
      key: string,
      fallback: T,
      context: EvaluationContext,
    ): Promise<ResolutionDetails<T>> => core.resolveObjectEvaluation(key, fallback, context),
  }
}
