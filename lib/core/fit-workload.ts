import type { Lengths } from './lengths.ts'
import type { Workload } from './workload.ts'

/** The workload with prompts and answers short enough for the model's context, their proportions kept; 1 where they are. */
export const fitWorkload = (workload: Workload, maxModelLen: number): { workload: Workload; factor: number } => {
  const factor = Math.min(1, Math.max(1, maxModelLen - templateTokens(workload)) / longest(workload))
  return { workload: factor === 1 ? workload : shorten(workload, factor), factor }
}

// --- Internal helpers ---

/** What a chat template adds to prompts, at most; small models' tokenizers make many tokens of it. */
const templateTokens = ({ turns }: Workload): number => 32 + 32 * (turns === undefined ? 1 : most(turns.count))

/** The most tokens of one request: everything in front of the answer, and the answer. */
const longest = ({ sharedPromptTokens, prefixes, promptTokens, outputTokens, turns }: Workload): number => {
  const turn = most(promptTokens) + most(outputTokens)
  return sharedPromptTokens + (prefixes?.tokens ?? 0) + turn * (turns === undefined ? 1 : most(turns.count))
}

const most = (lengths: Lengths): number => {
  if ('fixed' in lengths) return lengths.fixed
  if (!('quantiles' in lengths)) return lengths.max
  return Math.min(lengths.clamp?.max ?? Number.POSITIVE_INFINITY, lengths.quantiles.at(-1)?.[1] ?? 1)
}

const shorten = (workload: Workload, factor: number): Workload => {
  const less = (tokens: number): number => Math.max(1, Math.floor(tokens * factor))
  const { cancel, prefixes, promptTokens, outputTokens, sharedPromptTokens } = workload
  return {
    ...workload,
    sharedPromptTokens: Math.floor(sharedPromptTokens * factor),
    ...(prefixes !== undefined && { prefixes: { ...prefixes, tokens: less(prefixes.tokens) } }),
    promptTokens: shortenLengths(promptTokens, less),
    outputTokens: shortenLengths(outputTokens, less),
    ...(cancel?.afterTokens !== undefined && {
      cancel: { ...cancel, afterTokens: shortenLengths(cancel.afterTokens, less) },
    }),
  }
}

const shortenLengths = (lengths: Lengths, less: (tokens: number) => number): Lengths => {
  if ('fixed' in lengths) return { fixed: less(lengths.fixed) }
  if (!('quantiles' in lengths)) return { min: less(lengths.min), max: less(lengths.max) }
  const { clamp, quantiles } = lengths
  return {
    ...lengths,
    quantiles: quantiles.map(([p, tokens]) => [p, less(tokens)]),
    ...(clamp !== undefined && {
      clamp: {
        ...(clamp.min !== undefined && { min: less(clamp.min) }),
        ...(clamp.max !== undefined && { max: less(clamp.max) }),
      },
    }),
  }
}
