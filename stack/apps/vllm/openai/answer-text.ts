import type { EngineRequest } from '../../../../lib/vllm/engine/types.ts'
import { outputText, outputToken } from '../../../../lib/vllm/text/words.ts'
import type { Choice } from './request.ts'

/** What an unfinished or finished request shows of its tokens: the end-of-sequence token has no text, a stop cuts. */
export const answerText = (choice: Choice, { outputTokens, finishReason }: Progress): string => {
  const { stop, outputSeed } = choice
  if (stop !== null && outputTokens >= stop.tokens) return stop.text
  return filler(outputSeed, finishReason === 'stop' ? outputTokens - 1 : outputTokens)
}

/** The same for a stream: text that might still turn out to be the beginning of a stop string is held back. */
export const streamedText = (choice: Choice, progress: Progress, longestStop: number): string => {
  const text = answerText(choice, progress)
  return progress.finishReason === null ? text.slice(0, Math.max(0, text.length - (longestStop - 1))) : text
}

export const answerTokens = ({ outputSeed }: Choice, from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => outputToken(outputSeed, from + index))

export const stopReason = ({ stop }: Choice, { outputTokens, finishReason }: Progress): string | number | null =>
  stop !== null && finishReason === 'stop' && outputTokens >= stop.tokens ? stop.reason : null

/** How far a request is. */
export type Progress = Pick<EngineRequest, 'outputTokens' | 'finishReason'>

// --- Internal helpers ---

const filler = (seed: number, tokens: number): string => {
  let text = ''
  for (let index = 0; index < tokens; index++) text += outputText(seed, index)
  return text
}
