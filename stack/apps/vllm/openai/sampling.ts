import { badParameter, badRequest } from './error.ts'
import type { Fields } from './pydantic.ts'

/** What the emulation uses of vLLM's SamplingParams; the others are checked and have no effect on filler text. */
export interface Sampling {
  n: number
  /** As asked; null where the client left it to the server. */
  maxTokens: number | null
  minTokens: number
  ignoreEos: boolean
  temperature: number
  topP: number
  seed: number | null
  stop: readonly string[]
  stopTokenIds: readonly number[]
  includeStop: boolean
  priority: number
}

/** Types are checked here, as pydantic does; values by `checkSampling`, once the prompt is known to fit. */
export const readSampling = (fields: Fields, maxTokens: number | null): Sampling & { unused: Unused } => ({
  n: fields.int('n') ?? 1,
  maxTokens,
  minTokens: fields.int('min_tokens') ?? 0,
  ignoreEos: fields.bool('ignore_eos') ?? false,
  temperature: fields.float('temperature') ?? 1,
  topP: fields.float('top_p') ?? 1,
  seed: fields.int('seed'),
  stop: readStop(fields),
  stopTokenIds: readIds(fields, 'stop_token_ids'),
  includeStop: fields.bool('include_stop_str_in_output') ?? false,
  priority: fields.int('priority') ?? 0,
  unused: {
    presencePenalty: fields.float('presence_penalty') ?? 0,
    frequencyPenalty: fields.float('frequency_penalty') ?? 0,
    repetitionPenalty: fields.float('repetition_penalty') ?? 1,
    topK: fields.int('top_k') ?? 0,
    minP: fields.float('min_p') ?? 0,
  },
})

interface Unused {
  presencePenalty: number
  frequencyPenalty: number
  repetitionPenalty: number
  topK: number
  minP: number
}

/** SamplingParams._verify_args, in its order and words. `maxTokens` is what is left of the context where that is less. */
export const checkSampling = (sampling: ReturnType<typeof readSampling>, maxTokens: number): void => {
  const { n, temperature, topP, minTokens, stop, unused } = sampling
  const { presencePenalty, frequencyPenalty, repetitionPenalty, topK, minP } = unused
  if (n < 1) throw badRequest(`n must be at least 1, got ${n}.`)
  if (n > MAX_N) {
    throw badRequest(
      `n must be at most ${MAX_N}, got ${n}. To increase this limit, set the VLLM_MAX_N_SEQUENCES environment variable.`,
    )
  }
  if (Math.abs(presencePenalty) > 2) throw outside('presence_penalty', '[-2, 2]', presencePenalty)
  if (Math.abs(frequencyPenalty) > 2) throw outside('frequency_penalty', '[-2, 2]', frequencyPenalty)
  if (!(repetitionPenalty > 0))
    throw badRequest(`repetition_penalty must be greater than zero, got ${float(repetitionPenalty)}.`)
  if (temperature < 0) throw refused('temperature', 'must be non-negative', float(temperature))
  if (temperature > 2) throw refused('temperature', 'must be in [0, 2]', float(temperature))
  if (!(topP > 0 && topP <= 1)) throw refused('top_p', 'must be in (0, 1]', float(topP))
  if (topK < -1) throw badRequest(`top_k must be 0 (disable), or at least 1, got ${topK}.`)
  if (!(minP >= 0 && minP <= 1)) throw outside('min_p', '[0, 1]', minP)
  if (maxTokens < 1) throw refused('max_tokens', 'must be at least 1', String(maxTokens))
  if (minTokens < 0) throw badRequest(`min_tokens must be greater than or equal to 0, got ${minTokens}.`)
  if (minTokens > maxTokens) {
    throw badRequest(`min_tokens must be less than or equal to max_tokens=${maxTokens}, got ${minTokens}.`)
  }
  if (stop.includes('')) throw badRequest('stop cannot contain an empty string.')
  if (temperature < GREEDY && n > 1) throw badRequest(`n must be 1 when using greedy sampling, got ${n}.`)
}

// --- Internal helpers ---

/** vLLM's VLLM_MAX_N_SEQUENCES. */
const MAX_N = 16_384
/** A temperature below this is none. */
const GREEDY = 1e-5

const refused = (name: string, rule: string, value: string): Error =>
  badParameter(`${name} ${rule}, got ${value}.`, name, value)

const outside = (name: string, range: string, value: number): Error =>
  badRequest(`${name} must be in ${range}, got ${float(value)}.`)

/** As Python prints a float. */
const float = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value))

const readStop = (fields: Fields): string[] => {
  const given = fields.raw('stop')
  if (given === undefined || given === null) return []
  if (typeof given === 'string') return [given]
  if (!Array.isArray(given)) {
    fields.refuse('stop', { type: 'string_type', msg: 'Input should be a valid string' }, given)
    return []
  }
  return given.filter((item, index): item is string => {
    if (typeof item === 'string') return true
    fields.refuse(`stop.${index}`, { type: 'string_type', msg: 'Input should be a valid string' }, item)
    return false
  })
}

const readIds = (fields: Fields, name: string): number[] => {
  const given = fields.raw(name)
  if (given === undefined || given === null) return []
  if (!Array.isArray(given)) {
    fields.refuse(name, { type: 'list_type', msg: 'Input should be a valid list' }, given)
    return []
  }
  return given.filter((item, index): item is number => {
    if (Number.isInteger(item)) return true
    fields.refuse(`${name}.${index}`, { type: 'int_type', msg: 'Input should be a valid integer' }, item)
    return false
  })
}
